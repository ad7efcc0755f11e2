from __future__ import annotations

import hashlib
import re

from belvedere.gallery.static_files import FOLDER

VENDOR = FOLDER / "vendor"


def test_every_vendored_script_is_the_one_on_record() -> None:
    recorded = dict(re.findall(r"\| `([\w.-]+\.js)` .*`([0-9a-f]{64})` \|", (VENDOR / "VENDORED.md").read_text()))
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in VENDOR.glob("*.js")}

    assert there == recorded


def test_every_vendored_package_brings_its_licence() -> None:
    packages = {file.name.removesuffix(".min.js") for file in VENDOR.glob("*.js")}

    assert packages == {file.name.removeprefix("LICENSE.") for file in VENDOR.glob("LICENSE.*")}
