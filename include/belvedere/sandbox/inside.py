"""What runs first inside the sandbox: hand the folders in memory to the parent, give up what is left, run the program.

Until the program's first line this process is ours; from then on nothing of it is believed.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import sys
import traceback
from pathlib import Path

from belvedere.rendering.isolation.seccomp import filter_system_calls

INPUTS, OUTPUTS, PROGRAMS = "/inputs", "/outputs", "/program"
HANDED_OVER = "BELVEDERE_SANDBOX_SOCKET"
WRITABLE = (OUTPUTS, "/tmp", "/dev/shm")  # noqa: S108 - memory file systems of the sandbox
OUT_OF_MEMORY, FAILED = 71, 1
RESERVED_ADDRESSES = 4
PR_SET_NO_NEW_PRIVS = 38


def main(program: str, memory: str, cpu: str, output: str, files: str) -> None:
    """Run ``program`` under the limits given; the exit status tells how it ended."""
    hand_over()
    limit(int(memory), int(cpu), int(output), int(files))
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    filter_system_calls()
    status = run(Path(program))
    if status:
        # at once: threads that a failed program left behind are not waited for
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def hand_over() -> None:
    """Send the folders that can be written to the parent, so that it can watch them and read them afterwards."""
    descriptor = int(os.environ.pop(HANDED_OVER))
    opened = [os.open(place, os.O_RDONLY | os.O_DIRECTORY) for place in WRITABLE]
    with socket.socket(fileno=descriptor) as parent:
        socket.send_fds(parent, [b"ready"], opened)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def limit(memory_bytes: int, cpu_seconds: int, output_bytes: int, open_files: int) -> None:
    """Have the kernel hold this process to its limits. It is the only one: no further process can be made."""
    pages = Path("/proc/self/statm").read_text().split()
    data = int(pages[5]) * resource.getpagesize()
    for which, value in (
        (resource.RLIMIT_DATA, data + memory_bytes),
        (resource.RLIMIT_AS, RESERVED_ADDRESSES * memory_bytes),
        (resource.RLIMIT_FSIZE, output_bytes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))


def run(program: Path) -> int:
    """Run the program as ``__main__`` and return its exit status; what it raises is printed without our own frames."""
    module = sys.modules["__main__"]
    vars(module).clear()
    vars(module).update(__name__="__main__", __file__=str(program), __builtins__=__builtins__)
    sys.argv = [str(program), INPUTS, OUTPUTS]
    try:
        exec(compile(program.read_bytes(), str(program), "exec"), vars(module))  # noqa: S102 - this is what it is for
    except MemoryError as error:
        print_failure(error)
        return OUT_OF_MEMORY
    except Exception as error:
        print_failure(error)
        return FAILED
    return 0


def print_failure(error: BaseException) -> None:
    """Print a traceback that begins at the program."""
    inner = error.__traceback__.tb_next if error.__traceback__ is not None else None
    traceback.print_exception(type(error), error, inner, limit=-20)


if __name__ == "__main__":
    from belvedere.sandbox import inside

    inside.main(*sys.argv[1:])
