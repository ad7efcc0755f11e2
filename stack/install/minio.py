"""The MinIO server, built from its Go module: neither binaries nor images of it are published any more."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from stack.install.step import Step

if TYPE_CHECKING:
    from pathlib import Path

    from stack.install.step import Runner
    from stack.paths import Paths

MODULE = "github.com/minio/minio"
VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"


def minio_binary(paths: Paths) -> Path:
    """Return where the server's binary is."""
    return paths.install / "minio" / "minio"


def minio_server(paths: Paths) -> Step:
    """Build the server (two to five minutes), unless this very version is already there."""
    binary = minio_binary(paths)

    def build(run: Runner) -> None:
        binary.parent.mkdir(parents=True, exist_ok=True)
        run(["go", "install", "-ldflags=-s -w", f"{MODULE}@{VERSION}"], env={**os.environ, "GOBIN": str(binary.parent)})

    return Step(
        name="minio (go build, minutes)",
        stamp=paths.install / "minio" / ".belvedere-version",
        proof=binary,
        inputs=(MODULE, VERSION),
        run=build,
        present=lambda: _is_our_version(binary),
    )


def _is_our_version(binary: Path) -> bool:
    if not binary.exists():
        return False
    told = subprocess.run(["go", "version", "-m", str(binary)], capture_output=True, text=True, check=False)
    return told.returncode == 0 and f"{MODULE}\t{VERSION}" in told.stdout
