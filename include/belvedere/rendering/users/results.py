"""What users' programs made, shown: each file they wrote by its own kind, what they printed, and what went wrong.

Their files are as hostile as any artifact and go the same way; their HTML stands in frames without rights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from belvedere.errors import BelvedereError
from belvedere.model.rendering import NOTHING, Output
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.nesting import embedded, is_active, render_within
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import notes
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.model.rendering import Limits, Rendering, Source
    from belvedere.model.user_code import ProducedFile, ProgramRun

KIND = "viz_script"
TENANTS_OWN = "tenant"
NOT_RUN = "The program was not run."
MOST_NOTES = 20


@dataclass(frozen=True, slots=True)
class _Shown:
    """One file that a program wrote: its rendering, or what is wrong with it."""

    file: ProducedFile
    rendering: Rendering | None
    problem: str = ""


def results_part(source: Source, limits: Limits, *, name: str, title: str, code: str) -> Part:
    """Return what the program ``name`` made (``source.ran`` holds it), ready to be a rendering or part of a page.

    A program that failed still gives a part: with what it made, the reason as a warning, and what it printed.
    """
    run = source.ran.get(name)
    shown = [_show(source, limits, file) for file in run.files] if run is not None else []
    problem = _problem(run, shown)
    drawn = [each.rendering for each in shown if each.rendering is not None]
    warnings = (*((problem,) if problem else ()), *_notes(run), *_warnings_of(drawn))
    return Part(
        kind=KIND,
        title=title,
        lead="",
        alt_text=_alt_text(title, drawn, problem),
        facts=_facts(name, run, shown, problem),
        body=_body(run, shown, code, failed=problem is not None),
        thumbnail=_thumbnail(title, drawn, problem),
        warnings=warnings,
        more=_more(drawn),
        active=any(is_active(rendering) for rendering in drawn),
    )


def drawn_by_tenant(source: Source, limits: Limits, kind: str) -> Rendering:
    """Return an artifact as its tenant's registered renderer draws it; where that failed, as ours does, with a warning.

    Raises:
        UnsupportedArtifact, MalformedArtifact, LimitExceeded: the tenant's renderer failed, and so does ours.
    """
    run = source.ran[TENANTS_OWN]
    if run.problem is not None or not run.files:
        ours = render_here(replace(source, ran=NOTHING), limits, kind)
        said = run.problem or "it wrote no file."
        return replace(
            ours, warnings=(f"The tenant's own renderer failed, this is Belvedere's: {clean(said)}", *ours.warnings)
        )
    part = results_part(source, limits, name=TENANTS_OWN, title=file_name(source), code="")
    return as_rendering(replace(part, kind=kind), name=TENANTS_OWN, version="")


def _show(source: Source, limits: Limits, file: ProducedFile) -> _Shown:
    try:
        alone = replace(source, related=NOTHING, ran=NOTHING)
        return _Shown(file, render_within(alone, limits, path=file.path, name=file.name))
    except BelvedereError as error:
        return _Shown(file, None, error.message)


def _problem(run: ProgramRun | None, shown: Sequence[_Shown]) -> str | None:
    if run is None:
        return NOT_RUN
    if run.problem is None and not shown and not run.printed:
        return "The program ended without writing a file or printing anything."
    return clean(run.problem) if run.problem is not None else None


def _notes(run: ProgramRun | None) -> tuple[str, ...]:
    found = [clean(note) for note in run.notes] if run is not None else []
    more = [f"{len(found) - MOST_NOTES} further files were left out."] if len(found) > MOST_NOTES else []
    return (*found[:MOST_NOTES], *more)


def _warnings_of(drawn: Sequence[Rendering]) -> tuple[str, ...]:
    return tuple(f"{rendering.title}: {text}" for rendering in drawn for text in rendering.warnings)


def _alt_text(title: str, drawn: Sequence[Rendering], problem: str | None) -> str:
    if problem is not None:
        return f"{title}: {problem}"
    return " ".join(rendering.alt_text for rendering in drawn[:3]) or f"What {title} printed."


def _facts(name: str, run: ProgramRun | None, shown: Sequence[_Shown], problem: str | None) -> dict[str, Any]:
    """Return the facts: those of the only file at the top as well, as if it were the artifact."""
    outputs = [
        {
            "name": clean(each.file.name),
            "bytes": each.file.size,
            "kind": each.rendering.kind if each.rendering else None,
            "problem": each.problem or None,
            "facts": dict(each.rendering.facts) if each.rendering else {},
        }
        for each in shown
    ]
    told = {"program": name, "ran": run is not None, "ok": problem is None, "problem": problem, "outputs": outputs}
    alone = dict(shown[0].rendering.facts) if len(shown) == 1 and shown[0].rendering is not None else {}
    return {**alone, "user_renderer": told}


def _body(run: ProgramRun | None, shown: Sequence[_Shown], code: str, *, failed: bool) -> str:
    parts = [_section(each, headed=len(shown) > 1) for each in shown]
    if run is not None:
        parts.append(_stream("What it printed", run.printed, opened=not shown))
        parts.append(_stream("Errors and warnings it printed", run.complained, opened=failed))
    parts.append(_stream("The program", clean(code), opened=failed and not shown))
    return "".join(parts)


def _section(each: _Shown, *, headed: bool) -> str:
    heading = f"<h2>{escaped(each.file.name)}</h2>" if headed else ""
    if each.rendering is not None:
        return f"<section>{heading}{embedded(each.rendering)}</section>"
    size = bytes_in_words(each.file.size)
    return f"<section>{heading}{notes([f'{each.file.name} ({size}) cannot be shown: {each.problem}'])}</section>"


def _stream(name: str, text: str, *, opened: bool) -> str:
    if not text.strip():
        return ""
    head = f'<details class="member"{" open" if opened else ""}><summary>{name}</summary>'
    return f'{head}<div class="text"><pre>{escaped(text)}</pre></div></details>'


def _thumbnail(title: str, drawn: Sequence[Rendering], problem: str | None) -> Drawing | Output:
    outputs = [output for rendering in drawn for output in rendering.outputs if output.role == "thumbnail"]
    if outputs:
        return outputs[0]
    drawing = Drawing(480, 300, label=f"{title}: {problem or 'printed text'}")
    drawing.rectangle(40, 40, 400, 220, css="card", radius=8)
    drawing.text(64, 92, ">>>", css="mono", size=28)
    drawing.text(64, 140, title, css="strong", size=22, fit=352)
    for at, line in enumerate(_lines(problem or "Printed text", 3)):
        drawing.text(64, 180 + 26 * at, line, css="wrong" if problem else "muted", size=18, fit=352)
    return drawing


def _lines(text: str, most: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) > 36:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines[:most]


def _more(drawn: Sequence[Rendering]) -> tuple[Output, ...]:
    """Return the figure and data of the only thing drawn, so that its interactive form is offered too."""
    if len(drawn) != 1:
        return ()
    return tuple(output for output in drawn[0].outputs if output.role in ("figure", "data"))
