"""Warm forks: the scheduler imports what rendering needs, and every task forked from it inherits that.

Measured: a task that imports the libraries itself takes 4 to 8 seconds, one that inherits them 0.2.
"""

from __future__ import annotations

import gc
import sys

if any("scheduler" in argument for argument in sys.argv[:3]):
    import belvedere.orchestration.render_task
    import belvedere.rendering.registry

    belvedere.rendering.registry.warm()
    # What is imported by now lives as long as the process: keep the collector from touching (and so copying) it.
    gc.collect()
    gc.freeze()
