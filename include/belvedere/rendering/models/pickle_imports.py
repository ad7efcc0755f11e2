"""What loading a pickle would import and call, judged: dangerous, unknown, or known from the libraries of the field.

The list of what is dangerous follows from what such names can do; it is a help for people, not a permit. A pickle
without a red line is still a program (CVE-2025-1716, CVE-2025-46417: scanners were fooled by names they did not know).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from belvedere.rendering.models.pickle_machine import Program, follow

if TYPE_CHECKING:
    from pathlib import Path

    from belvedere.rendering.models.pickle_machine import Global

MOST_PICKLES = 64
TAIL_BYTES = 16 * 1024**2
# fmt: off
DANGEROUS_MODULES = frozenset((
    "os", "nt", "posix", "subprocess", "sys", "shutil", "socket", "runpy", "pty", "webbrowser", "importlib", "ctypes",
    "code", "codeop", "commands", "pickle", "_pickle", "marshal", "multiprocessing", "asyncio", "pip", "pdb", "bdb",
    "timeit", "cProfile", "profile", "trace", "venv", "ensurepip", "pydoc", "doctest", "tempfile", "pathlib", "io",
    "_io", "http", "urllib", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib", "ssl", "signal",
    "threading", "_thread", "gc", "inspect", "types", "zipimport", "imaplib", "poplib", "xmlrpc", "idlelib", "lib2to3",
    "sqlite3", "distutils", "setuptools", "torch.hub", "torch._dynamo", "torch._inductor", "torch.utils.collect_env",
    "torch.utils.bottleneck", "numpy.testing", "numpy.f2py", "numpy.distutils", "IPython",
))
DANGEROUS_NAMES = frozenset((
    "builtins.eval", "builtins.exec", "builtins.compile", "builtins.open", "builtins.__import__", "builtins.getattr",
    "builtins.setattr", "builtins.delattr", "builtins.globals", "builtins.locals", "builtins.vars", "builtins.input",
    "builtins.breakpoint", "builtins.apply", "builtins.execfile", "builtins.file", "builtins.map", "builtins.filter",
    "operator.attrgetter", "operator.methodcaller", "operator.itemgetter", "functools.partial", "functools.reduce",
    "torch.load", "torch.jit.load", "numpy.load", "numpy.lib.npyio.load", "numpy.fromfile", "joblib.load",
    "joblib.numpy_pickle.load", "pandas.read_pickle", "pandas.io.pickle.read_pickle", "dill.loads",
    "dill._dill._import_module",
    "cloudpickle.cloudpickle.subimport", "cloudpickle.loads", "copyreg.add_extension",
))
KNOWN_PACKAGES = frozenset((
    "sklearn", "numpy", "scipy", "pandas", "xgboost", "lightgbm", "catboost", "torch", "torchvision", "transformers",
    "collections", "datetime", "copyreg", "joblib", "statsmodels", "imblearn", "decimal", "fractions", "uuid", "enum",
    "_codecs", "dataclasses", "cloudpickle", "mlflow", "keras", "tensorflow", "pyarrow", "polars", "category_encoders",
))
SAFE_BUILTINS = frozenset((
    "object", "set", "frozenset", "dict", "list", "tuple", "int", "float", "str", "bytes", "bytearray", "complex",
    "slice", "range", "bool", "type", "print", "len", "NotImplemented", "Ellipsis",
))
# fmt: on
SPELLINGS = {"__builtin__": "builtins", "__builtins__": "builtins", "_operator": "operator", "copy_reg": "copyreg"}
MAGIC = re.compile(r"(?:^|\.)__\w+__(?:$|\.)")
DANGER_IN_TAIL = re.compile(
    rb"c(?:os|nt|posix|subprocess|builtins|__builtin__|sys|runpy|pty|importlib|socket)\n\w{1,40}\n"
    rb"|\x8c[\x02-\x0c](?:os|nt|posix|subprocess|builtins|runpy|pty|importlib)\x94"
)


class Risk(StrEnum):
    """How much a name worries."""

    DANGEROUS = "dangerous"
    UNKNOWN = "unknown"
    USUAL = "usual"


@dataclass(frozen=True, slots=True)
class Import:
    """A name that loading would import, how often, and how much it worries."""

    path: str
    times: int
    risk: Risk


@dataclass(frozen=True, slots=True)
class PickleScan:
    """What loading a file would do. ``unread`` bytes at its end are no pickle opcodes (joblib's arrays)."""

    protocol: int
    opcodes: int
    calls: int
    pickles: int
    imports: tuple[Import, ...]
    programs: tuple[Program, ...]
    unread: int
    problem: str | None
    danger_in_rest: bool

    @property
    def dangerous(self) -> tuple[Import, ...]:
        """The names that can run code or reach the system."""
        return tuple(each for each in self.imports if each.risk is Risk.DANGEROUS)

    @property
    def is_dangerous(self) -> bool:
        """Whether there is any sign of danger."""
        return bool(self.dangerous) or self.danger_in_rest


def scan_pickle(path: Path) -> PickleScan:
    """Look at every pickle of a file, one after another, without loading any.

    Raises:
        LimitExceeded: one of them has too many opcodes.
    """
    size = path.stat().st_size
    programs: list[Program] = []
    with path.open("rb") as file:
        while file.tell() < size and len(programs) < MOST_PICKLES:
            start = file.tell()
            program = follow(file, size)
            if programs and program.problem and not program.globals:
                file.seek(start)
                break
            programs.append(program)
            if program.problem:
                break
        unread = size - file.tell()
        rest = file.read(TAIL_BYTES)
    problem = programs[-1].problem if programs else None
    return PickleScan(
        protocol=max((program.protocol for program in programs), default=0),
        opcodes=sum(program.opcodes for program in programs),
        calls=sum(program.calls for program in programs),
        pickles=len(programs),
        imports=_imports(programs),
        programs=tuple(programs),
        unread=unread,
        problem=problem,
        danger_in_rest=DANGER_IN_TAIL.search(rest) is not None,
    )


def _imports(programs: list[Program]) -> tuple[Import, ...]:
    counts: dict[str, int] = {}
    risks: dict[str, Risk] = {}
    for program in programs:
        for found, times in program.globals.items():
            counts[found.path] = counts.get(found.path, 0) + times
            risks[found.path] = risk_of(found)
    order = list(Risk)
    ranked = sorted(counts, key=lambda path: (order.index(risks[path]), path))
    return tuple(Import(path, counts[path], risks[path]) for path in ranked)


def risk_of(found: Global) -> Risk:
    """Return how much a name worries; one that is computed while loading can be anything."""
    if not found.known:
        return Risk.DANGEROUS
    module = SPELLINGS.get(found.module, found.module)
    path = f"{module}.{found.name}"
    parents = {".".join(module.split(".")[:depth]) for depth in range(1, module.count(".") + 2)}
    if parents & DANGEROUS_MODULES or path in DANGEROUS_NAMES or MAGIC.search(found.name):
        return Risk.DANGEROUS
    if module == "builtins":
        return Risk.USUAL if found.name in SAFE_BUILTINS else Risk.DANGEROUS
    return Risk.USUAL if module.split(".")[0] in KNOWN_PACKAGES else Risk.UNKNOWN
