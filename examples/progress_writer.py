"""A training that writes its log anew after each epoch: one card on the wall, always with the newest lines.

``env $(make -s env) .venv/bin/python examples/progress_writer.py [EPOCHS] [SECONDS]``
"""

from __future__ import annotations

import sys
import time
import uuid

from bucket import put


def main(epochs: int, seconds: float) -> None:
    """Train nothing, but tell of it."""
    key = f"runs/{uuid.uuid4().hex[:8]}/train.log"
    sys.stdout.write(key + "\n")
    log = ""
    for epoch in range(1, epochs + 1):
        log += f"epoch {epoch}/{epochs} loss {0.9**epoch:.4f} accuracy {1 - 0.5 * 0.8**epoch:.4f}\n"
        put(key, log.encode(), "text/plain")
        time.sleep(seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, float(sys.argv[2]) if len(sys.argv) > 2 else 0.5)
