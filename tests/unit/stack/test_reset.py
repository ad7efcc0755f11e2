from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stack.commands.reset import reset
from stack.errors import StackError
from stack.paths import ROOT, Paths, locate
from stack.secrets import load_secrets

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    home = tmp_path / "home"
    return Paths(root=ROOT, home=home, install=home / "install")


def test_data_secrets_and_logs_go_and_the_installed_software_stays(paths: Paths) -> None:
    load_secrets(paths.home / "secrets.json")
    for name in ("minio/data", "logs", "install/kafka"):
        (paths.home / name).mkdir(parents=True)
        (paths.home / name / "file").write_text("x")
    reset(paths, force=True)
    assert [entry.name for entry in paths.home.iterdir()] == ["install"]
    assert (paths.install / "kafka" / "file").exists()


def test_a_folder_that_is_no_stacks_is_left_alone(paths: Paths) -> None:
    paths.home.mkdir()
    (paths.home / "thesis.txt").write_text("years of work")
    with pytest.raises(StackError, match="does not look like a stack's data folder"):
        reset(paths, force=True)
    assert (paths.home / "thesis.txt").exists()


def test_there_may_be_nothing_to_empty(paths: Paths) -> None:
    reset(paths, force=True)
    assert not paths.home.exists()


def test_data_and_software_have_places_of_their_own_by_default_and_by_wish(tmp_path: Path) -> None:
    default = locate({})
    assert (default.home, default.install) == (ROOT / ".belvedere", ROOT / ".belvedere" / "install")
    wished = locate({"BELVEDERE_HOME": str(tmp_path)})
    assert (wished.home, wished.install) == (tmp_path, ROOT / ".belvedere" / "install")
    assert locate({"BELVEDERE_INSTALL": str(tmp_path)}).install == tmp_path
