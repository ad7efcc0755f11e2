"""Not yet."""

from __future__ import annotations
