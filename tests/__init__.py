"""Tests: unit and dags need nothing; contract, integration and e2e start real servers of their own."""

from __future__ import annotations
