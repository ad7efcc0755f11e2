"""Debian packages that tests and sandbox need; none of them can be had from a Python, Go or Maven registry."""

from __future__ import annotations

import os
import shutil
import subprocess

from stack.errors import PrerequisiteMissing, StepFailed
from stack.progress import say

PACKAGES = (
    "bubblewrap",
    "chromium",
    "fonts-dejavu-core",
    "fonts-liberation",
    "fonts-noto-color-emoji",
    "fonts-noto-core",
)


def install_system_packages() -> None:
    """Install what is missing by apt-get; says nothing when all is there.

    Raises:
        PrerequisiteMissing: this is no Debian, or we are not root; the text holds the command to run.
        StepFailed: apt-get failed.
    """
    missing = [package for package in PACKAGES if not _is_installed(package)]
    if not missing or (shutil.which("dpkg-query") is None and _programs_are_there()):
        return
    commands = [["apt-get", "update", "-q"], ["apt-get", "install", "-q", "--yes", "--no-install-recommends", *missing]]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        words = " && ".join("sudo " + " ".join(command) for command in commands)
        raise PrerequisiteMissing(f"Missing on this machine: {', '.join(missing)}. Install them:\n    {words}")
    say(f"Installing by apt-get: {', '.join(missing)}")
    for command in commands:
        if subprocess.run(command, check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}).returncode:
            raise StepFailed(f"`{' '.join(command)}` failed")


def _is_installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout == "installed"


def _programs_are_there() -> bool:
    """On other systems than Debian the programs count, wherever they came from."""
    return all(shutil.which(program) for program in ("bwrap", "chromium"))
