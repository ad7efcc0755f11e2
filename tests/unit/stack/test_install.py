from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stack.errors import PrerequisiteMissing, StepFailed
from stack.install.prerequisites import Prerequisite, check_python, require
from stack.install.python import locked_entry
from stack.install.step import Runner, Step

if TYPE_CHECKING:
    from pathlib import Path


def step(folder: Path, content: str, done: list[str]) -> Step:
    proof = folder / "proof"

    def run(_runner: Runner) -> None:
        proof.write_text("")
        done.append(content)

    return Step(name="something", stamp=folder / "stamp", proof=proof, inputs=(content,), run=run)


def test_a_step_is_done_once_for_each_content_of_its_inputs(tmp_path: Path) -> None:
    done: list[str] = []
    for content in ("one", "one", "two"):
        each = step(tmp_path, content, done)
        if not each.is_done():
            each.execute(tmp_path / "log")
    assert done == ["one", "two"]


def test_a_stamp_without_the_thing_itself_is_not_believed(tmp_path: Path) -> None:
    each = step(tmp_path, "one", [])
    each.execute(tmp_path / "log")
    assert each.is_done()
    each.proof.unlink()
    assert not each.is_done()


def test_a_failed_command_says_how_its_log_ends_and_leaves_no_stamp(tmp_path: Path) -> None:
    each = Step(
        name="something",
        stamp=tmp_path / "stamp",
        proof=tmp_path,
        inputs=(),
        run=lambda run: run(["sh", "-c", "echo the disk is full; exit 3"]),
    )
    with pytest.raises(StepFailed, match=r"code 3.*log(.|\n)*the disk is full"):
        each.execute(tmp_path / "log")
    assert not each.is_done()


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="no-such-program could not be started"):
        Runner("something", tmp_path / "log")(["no-such-program"])


def test_all_missing_programs_are_told_at_once_each_with_its_remedy() -> None:
    wanted = [Prerequisite(name, "needed", f"`install {name}`") for name in ("no-such-a", "sh", "no-such-b")]
    with pytest.raises(PrerequisiteMissing) as caught:
        require(wanted, python=lambda: "")
    text = str(caught.value)
    assert "`install no-such-a`" in text
    assert "`install no-such-b`" in text
    assert "install sh" not in text


def test_a_program_that_is_too_old_is_told_with_both_versions() -> None:
    old = Prerequisite("sh", "needed", "`upgrade`", ("echo", "tool 1.9"), r"(\d+)\.(\d+)", (1, 10))
    with pytest.raises(PrerequisiteMissing, match=r"1\.9 is too old.*1\.10.*`upgrade`"):
        require([old], python=lambda: "")


def test_another_python_is_refused_with_the_command_that_installs_the_right_one() -> None:
    assert check_python((3, 11)) == ""
    assert "this is 3.13. Install it: `apt-get install python3.11" in check_python((3, 13))


def test_one_package_is_cut_out_of_a_lock_with_all_its_hashes() -> None:
    uv = "uv==0.9 \\\n    --hash=sha256:2 \\\n    --hash=sha256:3\n    # via x\n"
    lock = f"a==1 \\\n    --hash=sha256:1\n{uv}uvicorn==3\n"
    assert locked_entry(lock, "uv") == uv
    with pytest.raises(StepFailed, match="does not name flask"):
        locked_entry(lock, "flask")
