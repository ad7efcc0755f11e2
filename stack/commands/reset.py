"""``make reset``: the stack is stopped and its data, secrets and logs are gone; the installed software stays."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from stack.commands.down import stop
from stack.errors import StackError
from stack.progress import say

if TYPE_CHECKING:
    from pathlib import Path

    from stack.paths import Paths


def reset(paths: Paths, *, force: bool) -> None:
    """Empty the data folder. A person at a terminal is asked first, unless ``force``.

    Raises:
        StackError: the person did not say yes, or the folder is none of ours.
    """
    if not paths.home.exists():
        say("There is nothing to empty.")
        return
    _refuse_foreign(paths)
    if not force and sys.stdin.isatty():
        answer = input(f"Delete all data, secrets and logs in {paths.home}? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            raise StackError("nothing was deleted")
    stop(paths)
    for entry in paths.home.iterdir():
        if entry != paths.install and entry not in paths.install.parents:
            _remove(entry)
    say(f"Emptied {paths.home} (the installed software in {paths.install} stays).")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _refuse_foreign(paths: Paths) -> None:
    known = ("secrets.json", "ports.json", "install", "bench")
    if any(paths.home.iterdir()) and not any((paths.home / name).exists() for name in known):
        raise StackError(f"{paths.home} does not look like a stack's data folder: nothing was deleted")
