"""A system call filter (seccomp BPF): no new processes, programs, sockets, mounts or looking at other processes.

It stands beside the namespaces: where the kernel refuses those (inside most containers), it still closes the network.
Source: kernel documentation, userspace-api/seccomp_filter; numbers from the kernel's syscall tables.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass
from functools import lru_cache

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
LOAD_WORD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_BITS, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT, SECOND_ARGUMENT_AT = 0, 4, 16, 24
X32_BIT = 0x40000000
CLONE_THREAD = 0x00010000
SOCKET_TYPES, SOCKET_STREAM = 0xF, 1

# the same on every architecture: io_uring_setup, open_tree .. fsmount, pidfd_send_signal, pidfd_open, pidfd_getfd
NEWER = (424, 425, 428, 429, 430, 431, 432, 434, 438)


@dataclass(frozen=True, slots=True)
class _Machine:
    audit: int
    clone: int
    clone3: int
    socket_pair: int
    refused: tuple[int, ...]


# fmt: off
MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        clone=56,
        clone3=435,
        socket_pair=53,
        # socket fork vfork execve kill ptrace personality pivot_root chroot mount umount2 init_module
        # kexec_load add_key request_key keyctl unshare perf_event_open open_by_handle_at setns process_vm_readv
        # process_vm_writev kcmp finit_module bpf execveat userfaultfd
        refused=(
            41, 57, 58, 59, 62, 101, 135, 155, 161, 165, 166, 175, 246, 248, 249, 250, 272, 298, 304, 308, 310,
            311, 312, 313, 321, 322, 323, *NEWER,
        ),
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        clone=220,
        clone3=435,
        socket_pair=199,
        refused=(
            198, 221, 129, 117, 92, 41, 51, 40, 39, 105, 104, 217, 218, 219, 97, 241, 265, 268, 270, 271, 272,
            273, 280, 281, 282, *NEWER,
        ),
    ),
}
# fmt: on


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _instruction(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, when_true, when_false, value)


def _refuse(number: int) -> bytes:
    return _instruction(RETURN, REFUSE | number)


@lru_cache(maxsize=1)
def _filter_program(machine_name: str) -> bytes:
    machine = MACHINES[machine_name]
    parts = [
        _instruction(LOAD_WORD, ARCHITECTURE_AT),
        _instruction(JUMP_EQUAL, machine.audit, 1, 0),
        _instruction(RETURN, KILL),
        _instruction(LOAD_WORD, NUMBER_AT),
        _instruction(JUMP_AT_LEAST, X32_BIT, 0, 1),
        _refuse(errno.EPERM),
        _instruction(JUMP_EQUAL, machine.clone3, 0, 1),
        _refuse(errno.ENOSYS),
    ]
    for number in machine.refused:
        parts += [_instruction(JUMP_EQUAL, number, 0, 1), _refuse(errno.EPERM)]
    # V8 wants a pair of streams, bound to each other for good; a datagram socket could still send elsewhere
    parts += [
        _instruction(JUMP_EQUAL, machine.socket_pair, 0, 5),
        _instruction(LOAD_WORD, SECOND_ARGUMENT_AT),
        _instruction(AND, SOCKET_TYPES),
        _instruction(JUMP_EQUAL, SOCKET_STREAM, 1, 0),
        _refuse(errno.EPERM),
        _instruction(RETURN, ALLOW),
    ]
    parts += [
        _instruction(JUMP_EQUAL, machine.clone, 0, 3),
        _instruction(LOAD_WORD, FIRST_ARGUMENT_AT),
        _instruction(JUMP_BITS, CLONE_THREAD, 1, 0),
        _refuse(errno.EPERM),
        _instruction(RETURN, ALLOW),
    ]
    return b"".join(parts)


def prepare_filter() -> None:
    """Assemble the filter of this machine before it is needed, so that forked processes find it made."""
    if platform.machine() in MACHINES:
        _filter_program(platform.machine())


def filter_system_calls() -> None:
    """Refuse this process, for good, the system calls that no renderer of data needs.

    Needs no-new-privileges to be set.

    Raises:
        OSError: the kernel refuses filters, or this architecture has no list here.
    """
    name = platform.machine()
    if name not in MACHINES:
        raise OSError(errno.ENOSYS, f"no system call list for {name}")
    code = _filter_program(name)
    program = _Program(length=len(code) // 8, filter=code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
