"""The few programs that must be there before anything can be installed, and how to get each."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.errors import PrerequisiteMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ANSWER_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """A program by its name, the least version that will do, and the command that installs it."""

    program: str
    purpose: str
    remedy: str
    version_command: tuple[str, ...] = ()
    version_pattern: str = ""
    least: tuple[int, ...] = ()

    def problem(self) -> str:
        """Return what is wrong with this program here, or an empty text."""
        if shutil.which(self.program) is None:
            return f"{self.program} is missing ({self.purpose}). Install it: {self.remedy}"
        if not self.least:
            return ""
        found = self._version()
        if found and found < self.least:
            said, wanted = (".".join(map(str, version)) for version in (found, self.least))
            return f"{self.program} {said} is too old ({self.purpose}); {wanted} is needed. Install it: {self.remedy}"
        return ""

    def _version(self) -> tuple[int, ...]:
        done = subprocess.run(self.version_command, capture_output=True, text=True, check=False, timeout=ANSWER_SECONDS)
        found = re.search(self.version_pattern, done.stdout + done.stderr)
        return tuple(int(part) for part in found.groups()) if found else ()


GO = Prerequisite(
    "go",
    "builds the MinIO server",
    "https://go.dev/doc/install, or `apt-get install golang-go` where that is 1.24 or newer",
    ("go", "env", "GOVERSION"),
    r"go(\d+)\.(\d+)",
    (1, 24),
)
JAVA = Prerequisite(
    "java", "runs Kafka", "`apt-get install openjdk-17-jre-headless`", ("java", "-version"), r'version "(\d+)', (17,)
)
MAVEN = Prerequisite("mvn", "fetches Kafka's jars", "`apt-get install maven`")
CHROMIUM = Prerequisite("chromium", "the browser of the end-to-end tests", "`make system-packages`")
BUBBLEWRAP = Prerequisite("bwrap", "the sandbox of renderings of users' code", "`make system-packages`")


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:2])) -> str:
    """Return what is wrong with the Python that runs this, or an empty text."""
    if version == (3, 11):
        return ""
    found = ".".join(map(str, version))
    return f"Python 3.11 is needed, this is {found}. Install it: `apt-get install python3.11 python3.11-venv`"


def require(programs: Iterable[Prerequisite], python: Callable[[], str] = check_python) -> None:
    """Check all at once, so that a person learns of every missing program in one go.

    Raises:
        PrerequisiteMissing: one line for each program, with the command that installs it.
    """
    problems = [text for text in (python(), *(program.problem() for program in programs)) if text]
    if problems:
        raise PrerequisiteMissing("\n".join(["Something is missing on this machine:", *(f"  - {p}" for p in problems)]))
