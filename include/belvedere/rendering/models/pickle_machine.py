"""A pickle's program followed on paper: opcodes move words, tuples and names about, and nothing is ever called.

Unpickling runs code; this does not unpickle. Each opcode of https://github.com/python/cpython/blob/3.11/Lib/pickletools.py
changes a stack of plain values; a name to import becomes a ``Global``, a call becomes a ``Call``, and they stay that.
"""

from __future__ import annotations

import math
import pickletools
import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from belvedere.errors import LimitExceeded
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_OPCODES = 4_000_000
MOST_STACK = 1_000_000
LONGEST_TEXT = 4096
SKIPPED_FROM = 64 * 1024
# opcode: how many bytes its length takes; longer contents are stepped over, never read
LENGTHS = {
    "BINBYTES": 4,
    "BINUNICODE": 4,
    "BINBYTES8": 8,
    "BINUNICODE8": 8,
    "BYTEARRAY8": 8,
    "LONG4": 4,
    "BINSTRING": 4,
}
OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}
TEXTS = frozenset(
    ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING")
)
NUMBERS = frozenset(("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1"))
CALLS = frozenset(("REDUCE", "NEWOBJ", "NEWOBJ_EX", "OBJ", "INST", "BUILD"))


@dataclass(frozen=True, slots=True)
class Global:
    """A name that unpickling would import: ``module.name``; ``known`` False where it is computed while unpickling."""

    module: str
    name: str
    known: bool = True

    @property
    def path(self) -> str:
        """The name as people write it."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Call:
    """What unpickling would call, and with what, as far as it is plain."""

    function: Any
    arguments: Any


@dataclass(frozen=True, slots=True)
class Persistent:
    """Something that lies outside the pickle (PyTorch's storages)."""

    id: Any


class _Mark:
    """The mark that some opcodes look back to."""


class _Unknown:
    """Any other value."""


MARK, UNKNOWN = _Mark(), _Unknown()
JOBLIB_ARRAY = Global("joblib.numpy_pickle", "NumpyArrayWrapper")
DTYPE = re.compile(r"[<>=|]?(?P<kind>[a-zA-Z])(?P<size>\d{1,9})(?:\[[^\]]{1,20}\])?")


@dataclass(slots=True)
class Program:
    """What was found in a pickle. ``entries``: pairs put into mappings, of which only text keys are kept."""

    protocol: int = 0
    opcodes: int = 0
    globals: dict[Global, int] = field(default_factory=dict)
    calls: int = 0
    entries: list[tuple[str, Any]] = field(default_factory=list)
    stopped: bool = False
    end: int = 0
    problem: str | None = None


def follow(file: BinaryIO, size: int) -> Program:
    """Follow the pickle that begins where ``file`` stands and return what it would do; a damaged one up to there.

    Raises:
        LimitExceeded: it has more opcodes than are looked at.
    """
    machine = _Machine(file, size)
    try:
        machine.run()
    except (ValueError, IndexError, TypeError, AttributeError, KeyError, struct.error, UnicodeError) as error:
        machine.program.problem = clean(" ".join(str(error).split()))[:200] or type(error).__name__
    machine.program.end = file.tell()
    return machine.program


class _Machine:
    def __init__(self, file: BinaryIO, size: int, program: Program | None = None) -> None:
        self.file, self.size = file, size
        self.program = program or Program()
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> None:
        program = self.program
        while True:
            code = self.file.read(1)
            if not code:
                raise ValueError("it ends without its last opcode: it is truncated")
            opcode = OPCODES.get(code.decode("latin-1"))
            if opcode is None:
                raise ValueError(f"byte {code.hex()} is no opcode")
            program.opcodes += 1
            if program.opcodes > MOST_OPCODES or len(self.stack) > MOST_STACK:
                raise LimitExceeded(f"The pickle has more than {MOST_OPCODES:,} opcodes.", code="pickle_opcodes")
            argument = self._argument(opcode)
            if opcode.name == "STOP":
                program.stopped = True
                return
            self._take(opcode, argument)

    def _argument(self, opcode: pickletools.OpcodeInfo) -> Any:
        if opcode.arg is None:
            return None
        width = LENGTHS.get(opcode.name)
        if width is None:
            return opcode.arg.reader(self.file)
        length = int.from_bytes(self.file.read(width), "little")
        if length > self.size - self.file.tell():
            raise ValueError(f"{opcode.name} claims {length:,} bytes, more than are left: it is truncated")
        if length > SKIPPED_FROM:
            self.file.seek(length, 1)
            return UNKNOWN
        data = self.file.read(length)
        return data.decode("utf-8", "replace") if opcode.name in TEXTS else data

    def _take(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        name = opcode.name
        special = SPECIAL.get(name)
        if name in TEXTS:
            self.stack.append(argument[:LONGEST_TEXT] if isinstance(argument, str) else UNKNOWN)
        elif name in NUMBERS:
            self.stack.append(argument if isinstance(argument, int) else UNKNOWN)
        elif special is not None:
            special(self, argument)
        else:
            self._generic(opcode)

    def _generic(self, opcode: pickletools.OpcodeInfo) -> None:
        """Take off and put on as many values as the opcode says."""
        before, after = opcode.stack_before, opcode.stack_after
        if pickletools.stackslice in before:
            self.marked()
            before = before[: before.index(pickletools.markobject)]
        for _ in before:
            self.stack.pop()
        self.stack.extend(MARK if each is pickletools.markobject else UNKNOWN for each in after)

    def marked(self) -> list[Any]:
        """Take off everything above the last mark, and the mark."""
        at = len(self.stack) - 1
        while at >= 0 and self.stack[at] is not MARK:
            at -= 1
        if at < 0:
            raise ValueError("an opcode looks for a mark that is not there")
        found = self.stack[at + 1 :]
        del self.stack[at:]
        return found

    def found_global(self, module: Any, name: Any) -> Global:
        """Note a name that would be imported."""
        known = isinstance(module, str) and isinstance(name, str)
        found = Global(clean(module)[:300], clean(name)[:300]) if known else Global("?", "computed", known=False)
        self.program.globals[found] = self.program.globals.get(found, 0) + 1
        return found

    def called(self, function: Any, arguments: Any) -> None:
        """Note a call that would be made."""
        self.program.calls += 1
        self.stack.append(Call(function, arguments))

    def step_over_array(self) -> None:
        """Step over the numbers that joblib writes between opcodes; arrays of objects are pickles of their own."""
        said = dict(self.program.entries[-8:])
        shape, dtype = said.get("shape"), said.get("dtype")
        words = dtype.arguments if isinstance(dtype, Call) else None
        form = DTYPE.fullmatch(str(words[0])) if isinstance(words, tuple) and words else None
        if form is None or not isinstance(shape, tuple) or not all(isinstance(size, int) for size in shape):
            raise ValueError("an array of joblib follows whose size is not said")
        if form["kind"] == "O":
            inner = _Machine(self.file, self.size, self.program)
            inner.run()
            return
        if "numpy_array_alignment_bytes" in said:
            self.file.seek(int.from_bytes(self.file.read(1), "little"), 1)
        length = math.prod(shape) * int(form["size"]) * (4 if form["kind"] == "U" else 1)
        if not 0 <= length <= self.size - self.file.tell():
            raise ValueError("an array of joblib ends behind the file: it is truncated")
        self.file.seek(length, 1)

    def entry(self, key: Any, value: Any) -> None:
        """Note a pair that would be put into a mapping."""
        if isinstance(key, str) and len(self.program.entries) < MOST_STACK:
            self.program.entries.append((key, value))


def _global(machine: _Machine, argument: Any) -> None:
    module, _, name = str(argument).partition(" ")
    machine.stack.append(machine.found_global(module, name))


def _stack_global(machine: _Machine, _argument: Any) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(machine.found_global(module, name))


def _instance(machine: _Machine, argument: Any) -> None:
    arguments = machine.marked()
    module, _, name = str(argument).partition(" ")
    machine.called(machine.found_global(module, name), tuple(arguments))


def _object(machine: _Machine, _argument: Any) -> None:
    made = machine.marked()
    machine.called(made[0] if made else UNKNOWN, tuple(made[1:]))


def _reduce(machine: _Machine, _argument: Any) -> None:
    arguments, function = machine.stack.pop(), machine.stack.pop()
    machine.called(function, arguments)


def _reduce_with_names(machine: _Machine, _argument: Any) -> None:
    machine.stack.pop()
    _reduce(machine, None)


def _build(machine: _Machine, _argument: Any) -> None:
    machine.stack.pop()
    machine.program.calls += 1
    made = machine.stack[-1]
    if isinstance(made, Call) and made.function == JOBLIB_ARRAY:
        machine.step_over_array()


def _extension(machine: _Machine, argument: Any) -> None:
    machine.stack.append(machine.found_global(f"copyreg extension {argument}", None))


def _tuple(machine: _Machine, _argument: Any) -> None:
    machine.stack.append(tuple(machine.marked()))


def _tuple_of(count: int) -> Callable[[_Machine, Any], None]:
    def take(machine: _Machine, _argument: Any) -> None:
        if len(machine.stack) < count:
            raise ValueError("a tuple needs more values than there are")
        found = tuple(machine.stack[len(machine.stack) - count :])
        del machine.stack[len(machine.stack) - count :]
        machine.stack.append(found)

    return take


def _set_items(machine: _Machine, _argument: Any) -> None:
    items = machine.marked()
    for at in range(0, len(items) - 1, 2):
        machine.entry(items[at], items[at + 1])


def _set_item(machine: _Machine, _argument: Any) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.entry(key, value)


def _put(machine: _Machine, argument: Any) -> None:
    if len(machine.memo) > MOST_STACK:
        raise LimitExceeded("The pickle remembers too many values.", code="pickle_opcodes")
    machine.memo[len(machine.memo) if argument is None else argument] = machine.stack[-1]


def _get(machine: _Machine, argument: Any) -> None:
    machine.stack.append(machine.memo.get(argument, UNKNOWN))


def _protocol(machine: _Machine, argument: Any) -> None:
    machine.program.protocol = max(machine.program.protocol, int(argument))


def _pop(machine: _Machine, _argument: Any) -> None:
    machine.stack.pop()


def _duplicate(machine: _Machine, _argument: Any) -> None:
    machine.stack.append(machine.stack[-1])


def _persistent(machine: _Machine, _argument: Any) -> None:
    machine.stack.append(Persistent(machine.stack.pop()))


def _nothing(_machine: _Machine, _argument: Any) -> None:
    """Frames and the like change no value."""


SPECIAL: dict[str, Callable[[_Machine, Any], None]] = {
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "INST": _instance,
    "OBJ": _object,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _reduce_with_names,
    "BUILD": _build,
    "EXT1": _extension,
    "EXT2": _extension,
    "EXT4": _extension,
    "TUPLE": _tuple,
    "EMPTY_TUPLE": _tuple_of(0),
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "PUT": _put,
    "BINPUT": _put,
    "LONG_BINPUT": _put,
    "MEMOIZE": _put,
    "GET": _get,
    "BINGET": _get,
    "LONG_BINGET": _get,
    "PROTO": _protocol,
    "POP": _pop,
    "DUP": _duplicate,
    "BINPERSID": _persistent,
    "FRAME": _nothing,
}
