"""Pickles and what is built on them (joblib, PyTorch): never loaded; shown is what loading would import and call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import MalformedArtifact
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.models.model_zips import contents_of, entry_of
from belvedere.rendering.models.pickle_imports import PickleScan, Risk, scan_pickle
from belvedere.rendering.models.torch_tensors import StoredTensor, tensors_of
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words, compact
from belvedere.rendering.pages.page import fact_list, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.model.rendering import Limits, Rendering, Source
    from belvedere.rendering.archives.listing import Contents

NAME, VERSION = "belvedere.pickle", "1.0.0"
MOST_SHOWN, MOST_FACTS = 300, 100
RISK_WORDS = {
    Risk.DANGEROUS: "dangerous: can run code or reach the system",
    Risk.UNKNOWN: "not known here: look it up",
    Risk.USUAL: "usual for models and arrays",
}
STYLE = (
    "<style>.risk-dangerous td{color:var(--bad);font-weight:650}.risk-unknown td{color:var(--warn-ink)}"
    ".never{border-left:3px solid var(--line);padding:4px 12px;color:var(--muted);margin:10px 0;"
    "max-width:900px}</style>"
)
NEVER = (
    '<p class="never">A pickle is a program. It was not loaded, and nothing of it was run: this page shows the names '
    "that loading it would import, read from its opcodes. A list without a red line is no proof that loading is safe."
    "</p>"
)


@dataclass(frozen=True, slots=True)
class Archive:
    """A PyTorch zip: its pickle looked at, its tensors, and the files in it."""

    scan: PickleScan
    tensors: list[StoredTensor]
    contents: Contents


@renderer(NAME, version=VERSION, kinds=("pickle",))
def render_pickle(source: Source, limits: Limits) -> Rendering:
    """Show what loading a pickle would import."""
    scan = scan_pickle(source.path)
    if not scan.opcodes or (scan.problem and not scan.imports and scan.opcodes < 3):
        raise MalformedArtifact(f"Not a pickle (invalid or truncated): {scan.problem}.", code="pickle")
    joblib = any(each.path.startswith("joblib.") for each in scan.imports)
    word = "joblib pickle" if joblib else "Python pickle"
    name = file_name(source)
    figures = {
        "Would import": f"{len(scan.imports):,}",
        "Dangerous": f"{len(scan.dangerous):,}",
        "Would call": f"{scan.calls:,}",
        "Protocol": str(scan.protocol),
        "File": bytes_in_words(source.size),
    }
    part = Part(
        kind="pickle",
        title=name,
        lead=_sentence(scan, word),
        alt_text=_sentence(scan, word),
        facts={"pickle": scan_facts(scan)},
        body=STYLE + verdict(figures) + NEVER + imports_table(scan) + _details(scan),
        thumbnail=_thumbnail(scan, word),
        warnings=scan_warnings(scan, joblib=joblib),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def scan_facts(scan: PickleScan) -> dict[str, Any]:
    """Return what a scan found, for machines."""
    return {
        "protocol": scan.protocol,
        "opcodes": scan.opcodes,
        "calls": scan.calls,
        "imports": [each.path for each in scan.imports[:MOST_FACTS]],
        "dangerous": [each.path for each in scan.dangerous[:MOST_FACTS]],
        "unread_bytes": scan.unread,
    }


def imports_table(scan: PickleScan) -> str:
    """Return the names that loading would import as a table, the worst first."""
    rows = "".join(
        f'<tr class="risk-{each.risk.value}"><td>{escaped(each.path)}</td><td class="n">{each.times:,}</td>'
        f"<td>{RISK_WORDS[each.risk]}</td></tr>"
        for each in scan.imports[:MOST_SHOWN]
    )
    if not rows:
        return "<p>It would import nothing: plain values only.</p>"
    more = len(scan.imports) - MOST_SHOWN
    said = f'<p class="muted">and {more:,} more</p>' if more > 0 else ""
    head = '<thead><tr><th>would import</th><th class="n">times</th><th>what that is</th></tr></thead>'
    return f'<div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>{said}'


def scan_warnings(scan: PickleScan, *, joblib: bool = False) -> tuple[str, ...]:
    """Return what people must be told of a scan."""
    said = []
    if scan.dangerous:
        names = ", ".join(each.path for each in scan.dangerous[:6])
        said.append(f"Loading this pickle can run code or reach the system: it would import {names}.")
    if scan.danger_in_rest:
        said.append("Behind the part that could be followed there are names that can run code.")
    if scan.problem and joblib:
        said.append(f"The last {scan.unread:,} bytes were not followed: joblib keeps its arrays among them.")
    elif scan.problem:
        said.append(
            f"Followed up to byte {scan.programs[-1].end:,} only, the rest is damaged or no pickle: {scan.problem}."
        )
    elif scan.unread:
        said.append(f"The last {scan.unread:,} bytes are no pickle opcodes and were not followed.")
    return tuple(said)


def _sentence(scan: PickleScan, word: str) -> str:
    names = ", ".join(each.path for each in scan.imports[:3]) or "nothing"
    danger = f"{len(scan.dangerous)} of them dangerous" if scan.dangerous else "none of them known as dangerous"
    return f"{word}, not loaded: it would import {len(scan.imports):,} names ({names}), {danger}."


def _details(scan: PickleScan) -> str:
    known = {
        "Opcodes": f"{scan.opcodes:,}",
        "Pickles in the file": f"{scan.pickles:,}",
        "Bytes not followed": f"{scan.unread:,}",
    }
    return fact_list(known)


def _thumbnail(scan: PickleScan, word: str) -> Drawing:
    drawing = Drawing(480, 300, label=_sentence(scan, word))
    css = "wrong" if scan.is_dangerous else "strong"
    drawing.text(20, 52, f"{len(scan.dangerous):,}" if scan.dangerous else f"{len(scan.imports):,}", css=css, size=40)
    drawing.text(20, 76, "dangerous imports" if scan.dangerous else "imports, not loaded", css="muted", size=15)
    for at, each in enumerate(scan.imports[:7]):
        drawing.text(
            20, 116 + at * 25, each.path, css="wrong" if each.risk is Risk.DANGEROUS else "mono", size=15, fit=440
        )
    if len(scan.imports) > 7:
        drawing.text(20, 292, f"and {len(scan.imports) - 7:,} more", css="muted", size=14)
    return drawing


@renderer("belvedere.pytorch", version=VERSION, kinds=("pytorch",))
def render_pytorch(source: Source, limits: Limits) -> Rendering:
    """Show a PyTorch archive: tensors with their shapes, and what loading it would import."""
    archive = _read_archive(source, limits)
    parameters = sum(tensor.parameters for tensor in archive.tensors)
    said = (
        f"PyTorch archive, not loaded: {len(archive.tensors):,} tensors with {parameters:,} numbers in "
        f"{len(archive.contents.files):,} files; it would import {len(archive.scan.imports):,} names."
    )
    figures = {
        "Tensors": f"{len(archive.tensors):,}",
        "Parameters": compact(parameters),
        "Dangerous imports": f"{len(archive.scan.dangerous):,}",
        "File": bytes_in_words(source.size),
    }
    part = Part(
        kind="pytorch",
        title=file_name(source),
        lead=said,
        alt_text=said,
        facts={"pytorch": _archive_facts(archive, parameters), "pickle": scan_facts(archive.scan)},
        body=STYLE + verdict(figures) + NEVER + _archive_body(archive),
        thumbnail=_archive_thumbnail(archive, parameters, said),
        warnings=(*archive.contents.warnings, *scan_warnings(archive.scan)),
    )
    return as_rendering(part, name="belvedere.pytorch", version=VERSION)


def _read_archive(source: Source, limits: Limits) -> Archive:
    contents = contents_of(source, limits)
    scan = scan_pickle(entry_of(source, contents, "data.pkl", limits))
    return Archive(scan, tensors_of(scan.programs), contents)


def _archive_facts(archive: Archive, parameters: int) -> dict[str, Any]:
    return {
        "tensors": len(archive.tensors),
        "parameters": parameters,
        "members": len(archive.contents.files),
        "shapes": {tensor.name: list(tensor.shape) for tensor in archive.tensors[:MOST_FACTS]},
    }


def _archive_body(archive: Archive) -> str:
    members = [(one.name, bytes_in_words(one.size)) for one in archive.contents.files[:MOST_SHOWN]]
    return (
        (f"<h2>Tensors</h2>{tensor_table(archive.tensors)}" if archive.tensors else "")
        + f"<h2>What loading would import</h2>{imports_table(archive.scan)}"
        + f"<h2>Files</h2>{table(('file', 'size'), members, numeric=(False, True))}"
    )


def tensor_table(tensors: Sequence[StoredTensor]) -> str:
    """Return tensors as a table, in their order."""
    rows = [
        (one.name, one.dtype, " × ".join(map(str, one.shape)) or "scalar", f"{one.parameters:,}")
        for one in tensors[:MOST_SHOWN]
    ]
    more = len(tensors) - MOST_SHOWN
    said = f'<p class="muted">and {more:,} more</p>' if more > 0 else ""
    return table(("tensor", "type", "shape", "numbers"), rows, numeric=(False, False, False, True)) + said


def _archive_thumbnail(archive: Archive, parameters: int, said: str) -> Drawing:
    return tensors_thumbnail(archive.tensors, parameters, said, danger=len(archive.scan.dangerous))


def tensors_thumbnail(tensors: Sequence[StoredTensor], parameters: int, said: str, *, danger: int = 0) -> Drawing:
    """Draw the number of parameters and the largest tensors."""
    drawing = Drawing(480, 300, label=said)
    drawing.text(20, 54, compact(parameters), css="strong", size=42)
    drawing.text(20, 78, f"parameters in {len(tensors):,} tensors", css="muted", size=15)
    if danger:
        drawing.text(460, 54, f"{danger} dangerous", css="wrong", size=20, anchor="end")
    largest = sorted(tensors, key=lambda one: -one.parameters)[:6]
    for at, tensor in enumerate(largest):
        y = 118 + at * 30
        drawing.text(20, y, tensor.name, css="mono", size=15, fit=270)
        drawing.text(460, y, "×".join(map(str, tensor.shape)), css="muted", size=15, anchor="end", fit=170)
    return drawing
