"""supervisord's event listener that clears away what a killed service leaves behind.

A ``kill -9`` takes one process. Its children (Airflow's workers, MLflow's server process) live on without a parent,
hold ports and memory, and would answer beside the successor. supervisord only knows the one process, so this
listener ends the orphans as soon as it reports that one gone.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from supervisor import childutils

from stack.processes import end, orphans_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Serve supervisord's events until it goes away."""
    home = arguments[0]
    while True:
        _headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
        event = childutils.get_headers(payload)
        service = event["processname"]
        found = orphans_of(home, service, os.getppid(), int(event["pid"]))
        if found:
            sys.stderr.write(f"{service} is gone; ending its {len(found)} orphans\n")
            sys.stderr.flush()
        end(found, patience=0)
        childutils.listener.ok(sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
