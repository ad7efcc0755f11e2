"""Belvedere makes every ML artifact visible the moment it lands in object storage.

The rooms, from the bottom: ``model`` (what things are), ``clients`` (the systems around),
``catalog`` (what is known of each artifact), ``events`` and ``rendering`` (what is done with it),
``gallery`` (how people see it) and ``orchestration`` (how Airflow drives it).
"""

from __future__ import annotations

__version__ = "0.1.0"
