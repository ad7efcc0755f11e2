"""The bench: what the loop takes, beside what the machine can do without it. ``python -m tests.perf --help``."""

from __future__ import annotations
