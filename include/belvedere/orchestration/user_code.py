"""Users' programs on their way: out of an artifact, through the sandbox, and what they made back beside it.

Two ways lead here: a program that the artifact itself holds, and a tenant's registered renderer whose pattern its key
matches.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from belvedere.model.rendering import Reference
from belvedere.model.storage import RENDERERS_PREFIX
from belvedere.model.user_code import Program, ProgramRun
from belvedere.rendering.users.results import TENANTS_OWN
from belvedere.rendering.users.scripts import MOST_CODE_BYTES, SUFFIX
from belvedere.sandbox.port import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from belvedere.catalog.sources import RegisteredRenderer
    from belvedere.model.rendering import Limits, Related, Rendering, Source
    from belvedere.orchestration.fetching import Fetcher
    from belvedere.sandbox.port import OnWait, Sandbox

MOST_PROGRAMS = 10
LEAST_SECONDS = 1.0


def run_programs(
    sandbox: Sandbox, source: Source, programs: Iterable[Program], folder: Path, limits: Limits, on_wait: OnWait
) -> dict[str, ProgramRun]:
    """Run an artifact's programs one after another; all together have the time that one artifact has.

    What ``on_wait`` raises travels on; whatever the programs do does not.
    """
    runs: dict[str, ProgramRun] = {}
    started = time.monotonic()
    for number, program in enumerate(programs):
        elapsed = time.monotonic() - started
        left = limits.wall_seconds - elapsed
        if number >= MOST_PROGRAMS or left < LEAST_SECONDS:
            reason = f"more than {MOST_PROGRAMS} programs" if number >= MOST_PROGRAMS else "no time was left for it"
            runs[program.name] = ProgramRun(problem=f"The program was not run: {reason}.")
            continue
        results = folder / f"results-{number}"
        results.mkdir()
        order = Order(program.code, _title(source, program), _input_files(source, program))
        shorter = replace(limits, wall_seconds=left)
        runs[program.name] = sandbox.run(order, results, shorter, on_wait)
    return runs


def renderer_for(renderers: Iterable[RegisteredRenderer], tenant: str, key: str) -> RegisteredRenderer | None:
    """Return the tenant's own renderer of an object, the first by key where several match; scripts have none."""
    if key.endswith(SUFFIX):
        return None
    return next((each for each in renderers if each.draws(tenant, key)), None)


def run_registered(
    sandbox: Sandbox,
    source: Source,
    chosen: RegisteredRenderer,
    fetcher: Fetcher,
    folder: Path,
    limits: Limits,
    on_wait: OnWait,
) -> dict[str, ProgramRun]:
    """Run a tenant's renderer on an object; the object is its only input.

    Raises:
        TransientError: the object store is away.
    """
    address = f"minio://{chosen.bucket}/{quote(chosen.key)}"
    (script,) = fetcher.related(source, [Reference(address, MOST_CODE_BYTES)]).values()
    code, problem = _code_of(script)
    if problem:
        return {TENANTS_OWN: ProgramRun(problem=f"The tenant's renderer {chosen.key} cannot be read: {problem}.")}
    program = Program(TENANTS_OWN, code, {source.key.rpartition("/")[2]: ""})
    return run_programs(sandbox, source, [program], folder, limits, on_wait)


def signed(rendering: Rendering, chosen: RegisteredRenderer) -> Rendering:
    """Return a rendering with the tenant's renderer as its maker, if it was; its version is the script's etag."""
    if rendering.renderer_name != TENANTS_OWN:
        return rendering
    name = chosen.key.removeprefix(RENDERERS_PREFIX).removesuffix(SUFFIX)
    return replace(rendering, renderer_name=f"tenant.{name}"[:200], renderer_version=chosen.etag)


def _code_of(script: Related) -> tuple[str, str]:
    """Return a script's text, and what is wrong with it."""
    if script.path is None:
        return "", script.problem or "it is not there"
    try:
        return script.path.read_bytes().decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return "", "it is no UTF-8 text"


def _input_files(source: Source, program: Program) -> dict[str, Path]:
    """Return the local files of a program's inputs; what it names beyond the artifact's own is not there."""
    found: Mapping[str, Path | None] = {uri: related.path for uri, related in source.related.items()} | {
        "": source.path
    }
    return {name: path for name, uri in program.inputs.items() if (path := found.get(uri)) is not None}


def _title(source: Source, program: Program) -> str:
    last = source.key.rpartition("/")[2]
    return last if last.endswith(".py") else f"{program.name}.py"
