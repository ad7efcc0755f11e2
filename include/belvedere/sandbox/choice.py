"""Which sandbox the settings and this machine allow."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from belvedere.sandbox.bubblewrap import Bubblewrap
from belvedere.sandbox.port import NoSandbox

if TYPE_CHECKING:
    from belvedere.sandbox.port import Sandbox
    from belvedere.settings import Settings

SWITCHED_OFF = (
    "Users' own code is switched off here (BELVEDERE_USER_CODE=off, or user_code: off in the tenant's declaration): "
    "the program was not run."
)
MISSING = (
    "The program was not run: users' own code runs only inside bubblewrap, and `bwrap` is not installed on this "
    "machine. Install it (on Debian: apt-get install bubblewrap) and render again."
)


def sandbox_of(settings: Settings) -> Sandbox:
    """Return the sandbox to run users' code in; one that refuses where there is none."""
    if settings.user_code == "off":
        return NoSandbox(SWITCHED_OFF)
    program = shutil.which("bwrap")
    return Bubblewrap(Path(program)) if program else NoSandbox(MISSING)
