"""Shutting in: the rendering child gives up, one after another, all that reading an artifact does not need."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import belvedere
from belvedere.rendering.isolation.landlock import restrict_files
from belvedere.rendering.isolation.seccomp import filter_system_calls, prepare_filter

if TYPE_CHECKING:
    from collections.abc import Callable

    from belvedere.model.rendering import Limits, Source

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x40000000,
)
NOBODY = 65534
CAPABILITY_VERSION_3 = 0x20080522
RESERVED_ADDRESSES = 4
MOST_ADDRESSES = 256 * 1024**3
SPILL_BYTES = 2 * 1024**3
SYSTEM_READABLE = (
    "/usr/lib",
    "/lib",
    "/lib64",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/fonts",
    "/usr/share/zoneinfo",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/null",
    "/dev/urandom",
    # DuckDB aborts where it may not ask for the number of cores and the memory of its control group
    "/proc/self/cgroup",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
)

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Confined:
    """Which protections are in force, and which the kernel refused (with its reason)."""

    in_force: tuple[str, ...]
    refused: tuple[str, ...]


@lru_cache(maxsize=1)
def runtime_paths() -> tuple[Path, ...]:
    """Return what Python and its libraries may have to read: modules, installed packages, fonts, time zones."""
    python = [sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    package = str(Path(belvedere.__file__).parent)
    return tuple(Path(path) for path in dict.fromkeys([*python, package, *SYSTEM_READABLE]))


def prepare() -> None:
    """Work out, once and before any fork, what every child needs."""
    runtime_paths()
    prepare_filter()


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _map_ids(uid: int, gid: int) -> None:
    for name, content in (
        ("setgroups", b"deny"),
        ("uid_map", b"%d %d 1" % (NOBODY, uid)),
        ("gid_map", b"%d %d 1" % (NOBODY, gid)),
    ):
        opened = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(opened, content)
        os.close(opened)


def _enter_user_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    _checked(_libc.unshare(CLONE_NEWUSER))
    _map_ids(uid, gid)


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())))


def _set_process_flag(flag: int, value: int) -> None:
    _checked(_libc.prctl(flag, value, 0, 0, 0))


def address_space_and_data_bytes() -> tuple[int, int]:
    """Return the bytes of address space, and of private writable memory, that this process has now."""
    opened = os.open("/proc/self/statm", os.O_RDONLY)
    pages = os.read(opened, 200).split()
    os.close(opened)
    return int(pages[0]) * resource.getpagesize(), int(pages[5]) * resource.getpagesize()


def _limit_resources(limits: Limits) -> None:
    space, data = address_space_and_data_bytes()
    for which, value in (
        # allocators reserve far more addresses than they use: what is written to counts
        (resource.RLIMIT_DATA, data + limits.memory_bytes),
        (resource.RLIMIT_FSIZE, SPILL_BYTES),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (value, value))
    usual = space + RESERVED_ADDRESSES * limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (usual, max(usual, MOST_ADDRESSES)))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))


def allow_reserving_addresses() -> None:
    """Let this process reserve up to ``MOST_ADDRESSES`` bytes of addresses, as V8 does; writing stays limited."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when ``parent`` ends. Changing credentials undoes it: call it after that."""
    _set_process_flag(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def confine(source: Source, limits: Limits, workspace: Path, parent: int) -> Confined:
    """Shut this process in: what is left is reading ``source`` (and its related files) and writing in ``workspace``.

    No step raises; a refused one is reported, and the caller decides whether to go on.
    """
    related = [item.path for item in source.related.values() if item.path is not None]
    produced = [file.path for run in source.ran.values() for file in run.files]
    readable = [*runtime_paths(), source.path, *related, *produced]
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("user namespace", _enter_user_namespace),
        ("network namespace", lambda: _checked(_libc.unshare(CLONE_NEWNET))),
        ("ipc namespace", lambda: _checked(_libc.unshare(CLONE_NEWIPC | CLONE_NEWUTS))),
        ("mount namespace", lambda: _checked(_libc.unshare(CLONE_NEWNS))),
        ("no capabilities", _drop_capabilities),
        ("no new privileges", lambda: _set_process_flag(PR_SET_NO_NEW_PRIVS, 1)),
        ("resource limits", lambda: _limit_resources(limits)),
        ("landlock", lambda: restrict_files(readable, [workspace])),
        ("death with parent", lambda: die_with_parent(parent)),
        ("system call filter", filter_system_calls),
    )
    in_force, refused = [], []
    for name, step in steps:
        try:
            step()
        except OSError as error:
            refused.append(f"{name} ({error.strerror or error})")
        else:
            in_force.append(name)
    return Confined(tuple(in_force), tuple(refused))
