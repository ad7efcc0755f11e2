"""Python environments from full locks with hashes: the project's own and the MLflow server's."""

from __future__ import annotations

import re
import shutil
import sys
from typing import TYPE_CHECKING

from stack.errors import StepFailed
from stack.install.step import Step

if TYPE_CHECKING:
    from pathlib import Path

    from stack.install.step import Runner
    from stack.paths import Paths


def project_packages(paths: Paths) -> Step:
    """Install everything of requirements.txt into ``.venv``."""
    lock = paths.root / "requirements.txt"
    return Step(
        name="python packages",
        stamp=paths.venv / ".belvedere-packages",
        proof=paths.python,
        inputs=(lock.read_text(),),
        run=lambda run: _install_lock(run, paths.venv, lock),
    )


def project_itself(paths: Paths) -> Step:
    """Install the package ``belvedere`` into ``.venv``, editable."""

    def install(run: Runner) -> None:
        run([*_pip(paths.venv), "--no-deps", "--editable", str(paths.root)])

    return Step(
        name="belvedere (editable)",
        stamp=paths.venv / ".belvedere-editable",
        proof=paths.python,
        inputs=((paths.root / "pyproject.toml").read_text(),),
        run=install,
        after=("python packages",),
    )


def mlflow_server(paths: Paths) -> Step:
    """Install the MLflow server into an environment of its own."""
    lock = paths.root / "stack" / "mlflow" / "requirements.txt"
    venv = paths.install / "mlflow"
    return Step(
        name="mlflow server",
        stamp=venv / ".belvedere-packages",
        proof=venv / "bin" / "mlflow",
        inputs=(lock.read_text(),),
        run=lambda run: _install_lock(run, venv, lock, uv_from=paths.venv),
        after=("python packages",),
    )


def _install_lock(run: Runner, venv: Path, lock: Path, uv_from: Path | None = None) -> None:
    if not (venv / "bin" / "python").exists():
        run([sys.executable, "-m", "venv", str(venv)])
    run([*_pip(venv, run, lock, uv_from), "--require-hashes", "--requirement", str(lock)])


def _pip(venv: Path, run: Runner | None = None, lock: Path | None = None, uv_from: Path | None = None) -> list[str]:
    """Return the start of an install command by uv: the system's, another environment's, or one put into this."""
    candidates = [shutil.which("uv"), *(str(each / "bin" / "uv") for each in (uv_from, venv) if each)]
    for uv in candidates:
        if uv and shutil.which(uv):
            return [uv, "pip", "install", "--python", str(venv / "bin" / "python")]
    if run is None or lock is None:
        raise StepFailed("uv is missing from .venv: remove .venv and run `make up` again")
    own_lock = venv / ".uv-requirements.txt"
    own_lock.write_text(locked_entry(lock.read_text(), "uv"))
    run([str(venv / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--requirement", str(own_lock)])
    return [str(venv / "bin" / "uv"), "pip", "install", "--python", str(venv / "bin" / "python")]


def locked_entry(lock: str, name: str) -> str:
    """Cut one package's entry, with its hashes, out of a lock.

    Raises:
        StepFailed: the lock does not name that package.
    """
    found = re.search(rf"^{re.escape(name)}==.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    if found is None:
        raise StepFailed(f"the lock does not name {name}: run `make lock`")
    return found.group(0)
