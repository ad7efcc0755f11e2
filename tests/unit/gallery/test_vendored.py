from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from stack.paths import ROOT

from belvedere.gallery.static_files import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

VENDOR = FOLDER / "vendor"
FOR_TESTS = ROOT / "tests" / "vendor"


@pytest.mark.parametrize("folder", [VENDOR, FOR_TESTS], ids=["served", "for tests"])
def test_every_vendored_script_is_the_one_on_record(folder: Path) -> None:
    recorded = dict(re.findall(r"\| `([\w./-]+\.js)` .*`([0-9a-f]{64})` \|", (folder / "VENDORED.md").read_text()))
    scripts = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.js")}

    assert scripts
    assert {name: hashlib.sha256(content).hexdigest() for name, content in scripts.items()} == recorded


def test_every_vendored_package_brings_its_licence() -> None:
    packages = {file.name.removesuffix(".min.js") for file in VENDOR.glob("*.js")}

    assert packages == {file.name.removeprefix("LICENSE.") for file in VENDOR.glob("LICENSE.*")}
