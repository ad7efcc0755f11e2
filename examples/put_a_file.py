"""Put a file into the bucket: ``env $(make -s env) .venv/bin/python examples/put_a_file.py FILE [KEY]``."""

from __future__ import annotations

import mimetypes
import sys
from pathlib import Path

from bucket import BUCKET, put


def main(file: Path, key: str) -> None:
    """Upload, and say where the picture will hang."""
    content_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    put(key, file.read_bytes(), content_type)
    sys.stdout.write(f"s3://{BUCKET}/{key} is on its way to the wall\n")


if __name__ == "__main__":
    chosen = Path(sys.argv[1])
    main(chosen, sys.argv[2] if len(sys.argv) > 2 else f"uploads/{chosen.name}")
