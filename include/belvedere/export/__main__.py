"""``python -m belvedere.export verify x.zip``: tell whether an export is as its gallery gave it out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from belvedere.errors import PermanentError
from belvedere.export.signing import PublicKey
from belvedere.export.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.export.verifying import Verified


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify one zip; the exit status is 0 where it is intact."""
    parser = argparse.ArgumentParser(prog="python -m belvedere.export", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("verify", help="check the files and the signature of an export")
    command.add_argument("zip", type=Path)
    command.add_argument("--key", help="the gallery's public key in base64, from its /api/export/key")
    asked = parser.parse_args(arguments)
    try:
        found = verify(asked.zip, PublicKey.from_text(asked.key) if asked.key else None)
    except PermanentError as error:
        sys.stderr.write(f"REFUSED: {ascii(error.message)[1:-1]}\n")
        return 1
    sys.stdout.write(_said(found))
    return 0


def _said(found: Verified) -> str:
    manifest, about = found.manifest, found.manifest.about
    whose = (
        "which is the key you named"
        if found.pinned
        else "which may be anybody's: compare it with the gallery's, or name that with --key"
    )
    # Names come from whoever wrote the object: they must not steer a terminal.
    lines = [
        f"INTACT: {len(manifest.files)} files, signed by the key {found.key.fingerprint},",
        f"  {whose}",
        f"artifact  {about.get('bucket')!a}/{about.get('key')!a}, etag {about.get('etag')!a}",
        f"exported  {manifest.exported_at!a} by {manifest.exported_by!a}",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
