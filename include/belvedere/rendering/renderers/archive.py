"""Archives: one that holds a single file is shown as that file, others as a listing with the files they hold.

Argo Workflows packs every artifact into a ``.tgz`` unless told otherwise, so the single file is the usual case.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact, UnsupportedArtifact
from belvedere.model.rendering import Limits, Output, Rendering, Sampled, Source
from belvedere.rendering.archives.decompression import COMPRESSIONS, DAMAGE, explained, open_compressed, spill
from belvedere.rendering.archives.inventory import thumbnail, tree
from belvedere.rendering.archives.listing import Contents, Member
from belvedere.rendering.archives.tarballs import is_tar_header, list_tar, spill_tar
from belvedere.rendering.archives.zips import list_zip, spill_zip
from belvedere.rendering.detection import detect
from belvedere.rendering.drawing.svg import escaped
from belvedere.rendering.nesting import embedded, holds_users_page, inner_source, is_active, render_within
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import notes, page, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import find_renderer, has_references, has_renderer, renderer
from belvedere.rendering.signatures import label_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.model.rendering import Listing, Reference

NAME, VERSION = "belvedere.archive", "1.0.0"
KINDS = ("gzip", "bzip2", "xz", "zstd", "tar", "zip", "docx", "pptx", "opendocument", "epub", "wheel", "jar")
PACKED_EXTENSIONS = (".gz", ".gzip", ".z", ".bz2", ".xz", ".zst", ".zstd", ".lzma")
TAR_EXTENSIONS = (".tgz", ".tar", ".tbz2", ".txz", ".tzst", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")
CANDIDATES_PER_PAGE, MOST_CANDIDATE_BYTES, MOST_CANDIDATES_BYTES = 3, 64 * 1024**2, 256 * 1024**2
MOST_REFERRING_BYTES = 16 * 1024**2
MOST_NAMES, MOST_ODD = 1000, 5

Spill = Callable[["Mapping[int, Path]", int], dict[int, str]]


@dataclass(frozen=True, slots=True)
class _Archive:
    """An opened archive: what it holds, and the way to get files out of it."""

    source: Source
    contents: Contents
    spill: Spill


@dataclass(frozen=True, slots=True)
class _Shown:
    """A file of an archive with its rendering, or with the reason why there is none."""

    member: Member
    rendering: Rendering | None
    problem: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with it; its own part of the page says so, too."""
        return self.rendering.warnings if self.rendering is not None else (self.problem,)


def references(source: Source) -> tuple[Reference | Listing, ...]:
    """List what the only file of an archive points to: Argo packs Kubeflow's metadata, too."""
    limits = Limits()
    if source.size > MOST_REFERRING_BYTES:
        return ()
    with tempfile.TemporaryDirectory() as folder:
        found = _only_file(source, limits, Path(folder) / "inner")
        if found is None:
            return ()
        inner = inner_source(source, path=Path(folder) / "inner", name=found)
        kind = detect(inner)
        refer = find_renderer(kind).references if has_references(kind) and kind not in KINDS else None
        return refer(inner) if refer is not None else ()


def _only_file(source: Source, limits: Limits, target: Path) -> str | None:
    """Write the only file of an archive to ``target`` and return its name; None where it is not the only one."""
    try:
        archive = _opened(source, limits)
        if archive is None:
            with open_compressed(source.path, detect(source), limits) as stream:
                spill(stream, target, most=MOST_REFERRING_BYTES)  # type: ignore[arg-type]
            return _unpacked_name(source)
        only = archive.contents.only_file
        if only is None or archive.spill({only.position: target}, MOST_REFERRING_BYTES):
            return None
    except (MalformedArtifact, LimitExceeded):
        return None
    return only.name


@renderer(NAME, version=VERSION, kinds=KINDS, references=references)
def render_archive(source: Source, limits: Limits) -> Rendering:
    """Show the only file of an archive as what it is; of others, what they hold.

    Raises:
        MalformedArtifact: nothing in it can be read, or its only file is malformed.
        LimitExceeded: it is a bomb.
    """
    archive = _opened(source, limits)
    with tempfile.TemporaryDirectory() as folder:
        if archive is None:
            return _packed_file(source, limits, Path(folder) / "inner")
        only = archive.contents.only_file
        if only is not None:
            try:
                return _single(archive, only, limits, Path(folder) / "inner")
            except UnsupportedArtifact:
                pass
        return _listing(archive, limits, Path(folder))


def _opened(source: Source, limits: Limits) -> _Archive | None:
    """Return the archive; None where it is no archive but one compressed file.

    Raises:
        MalformedArtifact: nothing in it can be read, or it holds nothing.
    """
    kind, path = detect(source), source.path
    if kind in COMPRESSIONS and not _packs_tar(source, kind, limits):
        return None
    if kind == "tar" or kind in COMPRESSIONS:
        contents = list_tar(path, kind, limits)
        archive = _Archive(source, contents, lambda wanted, most: spill_tar(path, kind, limits, wanted, most))
    else:
        contents = list_zip(path, limits)
        archive = _Archive(source, contents, lambda wanted, most: spill_zip(path, limits, wanted, most))
    if not contents.members:
        raise MalformedArtifact(f"The {contents.format} is empty: it holds no files.", code="empty")
    return archive


def _packs_tar(source: Source, kind: str, limits: Limits) -> bool:
    with open_compressed(source.path, kind, limits) as stream:
        try:
            head = stream.head(1024)
        except DAMAGE as error:
            text = f"The {COMPRESSIONS[kind]} archive is damaged or truncated: {explained(error)}."
            raise MalformedArtifact(text, code="damaged_archive") from error
    named_so = source.key.lower().endswith(TAR_EXTENSIONS)
    return is_tar_header(head) or (named_so and not head.strip(b"\0"))


def _unpacked_name(source: Source) -> str:
    name = file_name(source)
    ending = next((ending for ending in PACKED_EXTENSIONS if name.lower().endswith(ending)), "")
    if name.lower().endswith(".svgz"):
        return name[:-1]
    return name[: len(name) - len(ending)] or name


def _packed_file(source: Source, limits: Limits, path: Path) -> Rendering:
    """Show the one file that is compressed here; of a truncated one what came, with a warning."""
    kind, damage = detect(source), ""
    with open_compressed(source.path, kind, limits) as stream:
        try:
            spill(stream, path, most=limits.expanded_bytes)  # type: ignore[arg-type]
        except MalformedArtifact as error:
            damage = f"The {COMPRESSIONS[kind]} file is damaged. {error.message}"
    size = path.stat().st_size
    if size == 0:
        raise MalformedArtifact(damage or f"The {COMPRESSIONS[kind]} file is empty: it holds 0 bytes.", code="empty")
    name = _unpacked_name(source)
    try:
        inner = render_within(source, limits, path=path, name=name, related=True)
    except MalformedArtifact as error:
        if damage:
            raise MalformedArtifact(damage, code="damaged_archive") from error
        raise
    except UnsupportedArtifact as error:
        member = Member(0, name, size, problem=damage or error.message)
        return _listing(_Archive(source, Contents(COMPRESSIONS[kind], (member,)), lambda *_: {}), limits, path.parent)
    said = f"Unpacked from {file_name(source)}: {COMPRESSIONS[kind]}, {bytes_in_words(source.size)} packed."
    about = {"format": COMPRESSIONS[kind], "files": 1, "bytes": size, "packed_bytes": source.size}
    warnings = (damage,) if damage else ()
    return _unwrapped(inner, said, {"archive": about, "archive_members": [name]}, warnings)


def _single(archive: _Archive, only: Member, limits: Limits, path: Path) -> Rendering:
    """Show the only file of an archive as what it is.

    Raises:
        MalformedArtifact: it cannot be read.
    """
    source = archive.source
    problem = archive.spill({only.position: path}, limits.expanded_bytes).get(only.position)
    if problem:
        text = f"The only file in this {archive.contents.format}, {only.name!r}, cannot be read: {problem}"
        raise MalformedArtifact(text, code="damaged_archive")
    try:
        inner = render_within(source, limits, path=path, name=only.name, related=True)
    except (MalformedArtifact, LimitExceeded) as error:
        raise type(error)(f"In the archive, {only.name!r}: {error.message}", code=error.code) from error
    packed = f"{archive.contents.format}, {bytes_in_words(source.size)} packed"
    said = f"Unpacked from {file_name(source)}, where it is the only file: {packed}."
    return _unwrapped(inner, said, _facts(archive), archive.contents.warnings)


def _unwrapped(inner: Rendering, said: str, facts: Mapping[str, Any], warnings: tuple[str, ...]) -> Rendering:
    """Return the rendering of what an archive holds, with a line on its page about where it was."""
    outputs = tuple(_with_origin(inner, output, said, warnings) for output in inner.outputs)
    # what the archive inside an archive says of itself stays: it is nearer to what is shown
    return replace(inner, facts={**facts, **inner.facts}, outputs=outputs, warnings=(*warnings, *inner.warnings))


def _with_origin(inner: Rendering, output: Output, said: str, warnings: tuple[str, ...]) -> Output:
    if output.role != "page" or holds_users_page(inner, output):
        return output
    line = f'<body><p class="lead">{escaped(said)}</p>{notes(warnings)}'
    return replace(output, content=output.content.replace(b"<body>", line.encode(), 1))


def _facts(archive: _Archive) -> dict[str, Any]:
    members, files = archive.contents.members, archive.contents.files
    about = {
        "format": archive.contents.format,
        "files": len(files),
        "folders": sum(1 for member in members if member.form == "folder"),
        "links": sum(1 for member in members if member.form == "link"),
        "bytes": sum(member.size for member in files),
        "packed_bytes": archive.source.size,
    }
    odd = [member.name for member in members if member.problem is not None]
    if odd:
        about["not_looked_into"] = len(odd)
    return {"archive": about, "archive_members": [member.name for member in files[:MOST_NAMES]]}


def _listing(archive: _Archive, limits: Limits, folder: Path) -> Rendering:
    """Draw the tree of files, and below it the first of them that can be shown."""
    source, contents = archive.source, archive.contents
    shown = _render_members(archive, limits, folder)
    drawn = [item for item in shown if item.rendering is not None]
    anchors = {item.member.position: f"member-{item.member.position}" for item in shown}
    facts = _facts(archive)
    own = [*contents.warnings, *_odd(contents)]
    inner = [f"{item.member.name}: {text}" for item in shown for text in item.warnings]
    for item in drawn:
        facts = {**(item.rendering.facts if item.rendering else {}), **facts}
    errors = [f"{item.member.name}: {item.problem}" for item in shown if item.rendering is None]
    files = len(contents.files)
    body = _figures(source, contents) + tree(contents, anchors) + "".join(map(_section, shown))
    part = Part(
        kind="archive",
        title=file_name(source),
        lead=_lead(source, contents),
        alt_text=f"{_lead(source, contents)} It holds {', '.join(member.name for member in contents.files[:8])}.",
        facts=facts | ({"part_errors": errors} if errors else {}),
        body=body,
        page=page(file_name(source), body, lead=_lead(source, contents), warnings=own),
        thumbnail=thumbnail(contents, file_name(source)),
        warnings=(*own, *inner),
        sampled=Sampled(len(drawn), files, "files") if len(drawn) < files else None,
        active=any(is_active(item.rendering) for item in shown if item.rendering is not None),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _lead(source: Source, contents: Contents) -> str:
    label = label_of(detect(source), b"")
    form = contents.format if label == "zip" else f"{label} ({contents.format})"
    form = contents.format if detect(source) in {"tar", "zip", *COMPRESSIONS} else form
    files = "1 file" if len(contents.files) == 1 else f"{len(contents.files):,} files"
    return f"{form[0].upper()}{form[1:]} with {files}, {bytes_in_words(source.size)} packed."


def _figures(source: Source, contents: Contents) -> str:
    total = sum(member.size for member in contents.files)
    figures = {"Files": f"{len(contents.files):,}", "Unpacked": bytes_in_words(total)}
    if 0 < source.size < total:
        figures["Packed to"] = f"{100 * source.size / total:.3g} %"
    return verdict(figures)


def _odd(contents: Contents) -> list[str]:
    """Say what is odd among the entries, the first few by name."""
    odd = [member for member in contents.members if member.problem is not None]
    if not odd:
        return []
    said = "; ".join(f"{member.name[:100]!r}: {member.problem}" for member in odd[:MOST_ODD])
    more = f"; and {len(odd) - MOST_ODD:,} more" if len(odd) > MOST_ODD else ""
    return [f"{len(odd):,} {'entry is' if len(odd) == 1 else 'entries are'} not looked into: {said}{more}."]


def _candidates(contents: Contents, limits: Limits) -> list[Member]:
    """Choose the files to look into: those nearest to the top first, no more bytes than are sensible."""
    fitting = [
        member
        for member in contents.files
        if member.readable and 0 < member.size <= MOST_CANDIDATE_BYTES and not _is_litter(member.name)
    ]
    fitting.sort(key=lambda member: (member.name.count("/"), member.position))
    chosen, total = [], 0
    for member in fitting[: CANDIDATES_PER_PAGE * limits.pages]:
        total += member.size
        if total > MOST_CANDIDATES_BYTES:
            break
        chosen.append(member)
    return chosen


def _is_litter(name: str) -> bool:
    last = name.rpartition("/")[2]
    return name.startswith("__MACOSX/") or last.startswith("._") or last in {".DS_Store", "Thumbs.db"}


def _render_members(archive: _Archive, limits: Limits, folder: Path) -> list[_Shown]:
    chosen = _candidates(archive.contents, limits)
    files = {member.position: folder / str(member.position) for member in chosen}
    problems = archive.spill(files, MOST_CANDIDATE_BYTES) if files else {}
    shown: list[_Shown] = []
    left = limits.output_bytes // 2
    for member in chosen:
        if len(shown) >= limits.pages:
            break
        if member.position in problems:
            shown.append(_Shown(member, None, problems[member.position]))
        elif _is_renderable(archive.source, files[member.position], member.name):
            item = _rendered(archive.source, replace(limits, output_bytes=left), files[member.position], member)
            left -= _bytes_shown(item)
            shown.append(item)
    return shown


def _is_renderable(source: Source, path: Path, name: str) -> bool:
    return has_renderer(detect(inner_source(source, path=path, name=name)))


def _rendered(source: Source, limits: Limits, path: Path, member: Member) -> _Shown:
    try:
        return _Shown(member, render_within(source, limits, path=path, name=member.name))
    except BelvedereError as error:
        return _Shown(member, None, error.message)


def _bytes_shown(item: _Shown) -> int:
    outputs: Sequence[Output] = item.rendering.outputs if item.rendering is not None else ()
    return sum(len(output.content) for output in outputs)


def _section(item: _Shown) -> str:
    member = item.member
    if item.rendering is None:
        note = f'<div class="note" role="alert">Error: {escaped(item.problem)}</div>'
        about, inside = "cannot be shown", note
    else:
        about = f"{item.rendering.kind.replace('_', ' ')}, {bytes_in_words(member.size)}"
        inside = embedded(item.rendering)
    heading = f'<summary><b>{escaped(member.name)}</b> <span class="muted">{escaped(about)}</span></summary>'
    return f'<details class="member" id="member-{member.position}" open>{heading}<section>{inside}</section></details>'
