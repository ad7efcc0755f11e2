"""What the tests stand on: real servers on free ports, fresh databases and buckets, a browser, waiting."""

from __future__ import annotations
