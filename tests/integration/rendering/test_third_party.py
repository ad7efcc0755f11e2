"""A third party's renderer, installed by pip, shows its artifacts without a line of Belvedere being touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from stack.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = ROOT / "examples" / "third_party_renderer"
SHOW = """
import json, sys
from pathlib import Path
from belvedere.model.rendering import Limits, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.guard import recognise_isolated, render_isolated

path = Path(sys.argv[1])
source = Source("bucket", "runs/1/upload", "etag", "", "", path.stat().st_size, path)
kind = recognise_isolated(source, Limits(), kind=detect(source), strictness="lenient")
rendering = render_isolated(source, Limits(), strictness="lenient", kind=kind).rendering
page = next(output.content.decode() for output in rendering.outputs if output.role == "page")
print(json.dumps([kind, rendering.renderer_name, rendering.renderer_version, rendering.facts, page]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the example into a folder of its own, as ``BELVEDERE_RENDERERS_PATH`` takes it."""
    target, copy = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("source") / "example"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    uv = shutil.which("uv") or str(ROOT / ".venv" / "bin" / "uv")
    options = ["--python", sys.executable, "--target", str(target), "--offline", "--no-build-isolation", "--no-deps"]
    subprocess.run([uv, "pip", "install", *options, str(copy)], check=True, capture_output=True)
    return target


def run(installed: Path | None, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed) if installed else ""}
    return subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=False, cwd=EXAMPLE
    )


def test_its_artifacts_are_recognised_and_drawn(installed: Path) -> None:
    import json

    done = run(installed, "-c", SHOW, str(EXAMPLE / "tests" / "two.fasta"))
    assert done.returncode == 0, done.stderr
    kind, name, version, facts, page = json.loads(done.stdout)

    assert (kind, name, version) == ("fasta", "acme.fasta", "1.0.0")
    assert facts["fasta"]["sequences"] == 3
    assert facts["fasta"]["lengths"] == [60, 24, 3]
    assert "NC_000001.11:100-159" in page


def test_without_it_the_same_bytes_are_shown_as_text() -> None:
    import json

    done = run(None, "-c", SHOW, str(EXAMPLE / "tests" / "two.fasta"))
    assert done.returncode == 0, done.stderr

    assert json.loads(done.stdout)[1].startswith("belvedere.")


def test_its_own_conformance_tests_pass(installed: Path) -> None:
    done = run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(EXAMPLE / "tests"))

    assert done.returncode == 0, done.stdout[-3000:]
    assert "12 passed" in done.stdout
