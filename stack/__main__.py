"""``python -m stack <command>``."""

from __future__ import annotations

import sys

from stack.cli import main

sys.exit(main(sys.argv[1:]))
