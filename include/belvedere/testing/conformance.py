"""The checks that every renderer passes, ours and third parties'."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from belvedere.errors import BelvedereError
from belvedere.model.rendering import Limits
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.recognition import kind_of
from belvedere.rendering.registry import find_renderer, has_renderer, renderers
from belvedere.testing.hostile import DAMAGES, survive
from belvedere.testing.outputs import NotConforming, expect, look_at, looking_at_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from belvedere.model.rendering import Rendering, Source
    from belvedere.rendering.registry import Renderer
    from belvedere.testing.samples import Sample

NAME = r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+"
VERSION = r"\d{1,9}(\.\d{1,9}){0,3}"
KIND = r"[a-z][a-z0-9_]{1,63}"
# Libraries of which one alone costs every process more than a rendering: to be imported where they are used.
HEAVY = ("airflow", "duckdb", "matplotlib", "mlflow", "numpy", "onnx", "pandas", "PIL", "pyarrow", "scipy", "sklearn")
HOSTILE_NAME = 'runs/1/<img src=x onerror=alert(1)>"&\u202e{name}'

__all__ = ["Check", "NotConforming", "conformance"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check, to be called. ``str`` of it says what it is about."""

    name: str
    run: Callable[[], None]

    def __call__(self) -> None:
        """Check.

        Raises:
            NotConforming: it does not hold; the message says what is wrong.
        """
        self.run()

    def __str__(self) -> str:
        """Return the name."""
        return self.name


def conformance(
    name: str, samples: Sequence[Sample], *, limits: Limits | None = None, damages: int = DAMAGES
) -> list[Check]:
    """Return all checks of the renderer ``name`` (such as ``acme.fasta``) on samples of its kinds.

    ``damages`` is how many damaged copies of each sample are rendered.

    Raises:
        NotConforming: no renderer of that name is registered, or there is no sample.
    """
    renderer = _registered(name)
    expect(bool(samples), "there is no sample: give at least one of each kind")
    chosen = limits or Limits()
    checks = [
        Check("names and versions", partial(check_names, renderer)),
        Check("light to import", partial(check_import, renderer)),
    ]
    for sample in samples:
        for what, check in ABOUT_SAMPLES:
            checks.append(Check(f"{sample}: {what}", partial(check, renderer, sample, chosen)))
        hostile = partial(check_hostile_bytes, renderer, sample, chosen, damages)
        checks.append(Check(f"{sample}: hostile bytes", hostile))
    return checks


def _registered(name: str) -> Renderer:
    found = next((each for each in renderers() if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in renderers())
        raise NotConforming(f"no renderer {name!r} is registered: is its entry point installed? There are {known}")
    return found


def check_names(renderer: Renderer) -> None:
    """See that it is called ``owner.name``, that its version is a number, and that its kinds are its own."""
    expect(re.fullmatch(NAME, renderer.name) is not None, f"{renderer.name!r} is not of the form owner.name")
    expect(
        re.fullmatch(VERSION, renderer.version) is not None,
        f"the version {renderer.version!r} is not a number such as 1 or 1.2.0, by which older renderings are found",
    )
    expect(bool(renderer.kinds), "it takes no kind")
    for kind in renderer.kinds:
        expect(re.fullmatch(KIND, kind) is not None, f"the kind {kind!r} is no snake_case word")
        holder = find_renderer(kind).name
        expect(holder == renderer.name, f"the kind {kind!r} belongs to {holder} already")


def check_import(renderer: Renderer) -> None:
    """Find heavy libraries that importing the renderer loads: every process that renders anything pays for them."""
    module = renderer.function.__module__
    code = (
        "import sys, belvedere.sdk, belvedere.rendering.nesting, importlib\n"
        "before = set(sys.modules)\n"
        f"importlib.import_module({module!r})\n"
        f"print(*sorted({{name.partition('.')[0] for name in set(sys.modules) - before}} & set({HEAVY!r})))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    expect(done.returncode == 0, f"{module} cannot be imported by itself: {done.stderr.strip()[-300:]}")
    loaded = done.stdout.strip()
    expect(not loaded, f"importing {module} loads {loaded}: import it in the function that needs it")


def check_detection(renderer: Renderer, sample: Sample, limits: Limits) -> None:
    """See that the bytes are taken for what they are."""
    with _folder() as folder:
        kind = kind_of(sample.source(folder))
    wanted = (sample.kind,) if sample.kind else renderer.kinds
    expect(kind in wanted, f"it is taken for {kind!r}, not for {' or '.join(wanted)}")


def check_rendering(renderer: Renderer, sample: Sample, limits: Limits) -> None:
    """See that what comes out is whole, self-contained and harmless."""
    with _folder() as folder:
        look_at(_rendered(renderer, sample.source(folder), _kind(renderer, sample, folder), limits), renderer)


def check_determinism(renderer: Renderer, sample: Sample, limits: Limits) -> None:
    """See that the same bytes give the same rendering every time."""
    with _folder() as folder:
        source, kind = sample.source(folder), _kind(renderer, sample, folder)
        first, second = (_rendered(renderer, source, kind, limits) for _ in range(2))
    contents = {output.name: output.content for output in second.outputs}
    for output in first.outputs:
        same = contents.get(output.name) == output.content
        expect(same, f"{output.name} is another one the second time: no times, ids, memory addresses or hash order")
    expect(first == second, "facts, title or warnings are others the second time")


def check_hostile_name(renderer: Renderer, sample: Sample, limits: Limits) -> None:
    """See that a name made of markup stays text."""
    key = HOSTILE_NAME.format(name=sample)
    with _folder() as folder:
        kind = _kind(renderer, sample, folder)
        look_at(_rendered(renderer, sample.source(folder, key=key), kind, limits), renderer)


def check_hostile_bytes(renderer: Renderer, sample: Sample, limits: Limits, damages: int) -> None:
    """See that cut and damaged bytes end in a rendering or in an error of ours."""
    with _folder() as folder:
        survive(sample, _kind(renderer, sample, folder), limits, folder, damages)


def _rendered(renderer: Renderer, source: Source, kind: str, limits: Limits) -> Rendering:
    """Render as production does, in a child that is shut in; the facts are looked at before they are sent."""
    try:
        with looking_at_facts(kind):
            return render_isolated(source, limits, strictness="lenient", kind=kind).rendering
    except BelvedereError as error:
        raise NotConforming(f"{renderer.name} does not render it: {error}") from None


def _kind(renderer: Renderer, sample: Sample, folder: Path) -> str:
    if sample.kind or len(renderer.kinds) == 1:
        return sample.kind or renderer.kinds[0]
    found = kind_of(sample.source(folder))
    return found if has_renderer(found) else renderer.kinds[0]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="belvedere-testing-") as folder:
        yield Path(folder)


ABOUT_SAMPLES: tuple[tuple[str, Callable[[Renderer, Sample, Limits], None]], ...] = (
    ("detection", check_detection),
    ("rendering", check_rendering),
    ("the same every time", check_determinism),
    ("a name made of markup", check_hostile_name),
)
