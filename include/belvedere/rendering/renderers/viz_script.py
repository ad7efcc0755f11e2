"""Users' own renderers beside their data, ``scores.csv.viz.py``: what they made in the sandbox, as one page.

The same file under ``.belvedere/renderers/`` is a tenant's registered renderer: it is not run itself, but for the
objects that its patterns match.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from belvedere.model.user_code import Program
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.users.results import KIND, results_part
from belvedere.rendering.users.scripts import inputs_of, is_registration, named_inputs, read_code, read_header

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Listing, Reference, Rendering, Source
    from belvedere.rendering.users.scripts import ScriptHeader

NAME, VERSION = "belvedere.viz_script", "1.0.0"
PROGRAM = "script"


def references(source: Source) -> tuple[Reference | Listing, ...]:
    """List what the script reads."""
    header = read_header(read_code(source))
    return () if is_registration(source.key) else inputs_of(source, header)


def programs(source: Source) -> tuple[Program, ...]:
    """Return the script as the one program to run; a tenant's registered renderer has nothing to run for itself."""
    if is_registration(source.key):
        return ()
    code = read_code(source)
    return (Program(PROGRAM, code, named_inputs(source, read_header(code))),)


@renderer(NAME, version=VERSION, kinds=(KIND,), references=references, programs=programs)
def render_script(source: Source, limits: Limits) -> Rendering:
    """Show what a script made, or what a registered renderer is for.

    Raises:
        MalformedArtifact: it is no UTF-8 text, or the block at its head is wrong.
        LimitExceeded: it is too long.
    """
    code = read_code(source)
    header = read_header(code)
    title = header.title or file_name(source)
    if is_registration(source.key):
        return as_rendering(_registration(source, header, code), name=NAME, version=VERSION)
    made = results_part(source, limits, name=PROGRAM, title=title, code=code)
    missing = tuple(f"The input {_short(uri)}: {each.problem}" for uri, each in source.related.items() if each.problem)
    warnings = (*made.warnings, *missing, *_unknown(header))
    names = [clean(name) for name in named_inputs(source, header)]
    read = f" from {', '.join(names[:3])}{' and more' if len(names) > 3 else ''}" if names else ""
    lead = f"Made by {file_name(source)}{read}, in the sandbox."[:400]
    return as_rendering(replace(made, lead=lead, warnings=warnings), name=NAME, version=VERSION)


def _registration(source: Source, header: ScriptHeader, code: str) -> Part:
    name = header.title or file_name(source)
    warnings = _unknown(header)
    if not header.patterns:
        warnings = (*warnings, 'It names no patterns and draws nothing: add patterns = ["runs/*/scores.csv"].')
    listed = "".join(f"<li><code>{escaped(pattern)}</code></li>" for pattern in header.patterns)
    body = f"<h2>Draws objects whose keys match</h2><ul>{listed or '<li>none</li>'}</ul>"
    body += f'<h2>The program</h2><div class="text"><pre>{escaped(code)}</pre></div>'
    drawing = Drawing(480, 300, label=f"{name}: a renderer for {', '.join(header.patterns[:3])}")
    drawing.rectangle(40, 40, 400, 220, css="card", radius=8)
    drawing.text(64, 92, ">>>", css="mono", size=28)
    drawing.text(64, 140, name, css="strong", size=22, fit=352)
    for at, pattern in enumerate(header.patterns[:3]):
        drawing.text(64, 180 + 26 * at, pattern, css="muted", size=18, fit=352)
    said = ", ".join(header.patterns) or "nothing yet"
    return Part(
        kind=KIND,
        title=name,
        lead="A renderer of this tenant. It runs in the sandbox for every object that arrives and matches.",
        alt_text=f"The tenant's own renderer {name}, for objects that match {said}."[:500],
        facts={"user_renderer": {"patterns": list(header.patterns), "title": header.title}},
        body=body,
        thumbnail=drawing,
        warnings=warnings,
    )


def _unknown(header: ScriptHeader) -> tuple[str, ...]:
    if not header.unknown:
        return ()
    return (f"The block at its head has fields that mean nothing here: {', '.join(header.unknown)[:300]}.",)


def _short(uri: str) -> str:
    return uri.removeprefix("minio://")[:200]
