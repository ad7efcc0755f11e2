"""MLflow: a model folder with the run around it as one artifact, and a run's pictures with what the run recorded."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from belvedere.errors import BelvedereError
from belvedere.model.rendering import object_uri
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.models.mlflow_layout import (
    Files,
    is_model_file,
    model_folder,
    model_listings,
    picture_listings,
    run_folder,
)
from belvedere.rendering.models.mlflow_models import Column, MlflowModel, read_mlmodel
from belvedere.rendering.models.mlflow_runs import Run, read_run
from belvedere.rendering.models.pickle_imports import scan_pickle
from belvedere.rendering.pages.numbers import bytes_in_words, short
from belvedere.rendering.pages.page import fact_list, page, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import find_renderer, renderer
from belvedere.rendering.renderers.pickled import STYLE, imports_table
from belvedere.rendering.texts.plaintext import clean, decode
from belvedere.rendering.vision.pictures import encoded, open_picture
from belvedere.rendering.vision.vectors import clean_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.model.rendering import Limits, Listing, Related, Rendering, Source

NAME, VERSION = "belvedere.mlflow", "1.0.0"
MOST_IN_VERDICT, MOST_ROWS, MOST_PICTURES, MOST_FILES = 6, 300, 12, 300
LARGEST_SIDE = 1000
EXAMPLE_ROWS, MOST_TEXT = 5, 20_000
PICKLES = (".pkl", ".pickle", ".joblib")
GALLERY = (
    "<style>.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(320px,1fr));gap:16px;margin:12px 0}"
    ".gallery figure{margin:0}.gallery img{max-width:100%;height:auto;border:1px solid var(--line);border-radius:8px;"
    "background:#fff}.gallery figcaption{color:var(--muted);font-size:13px;margin-top:4px}"
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:0 28px;align-items:start}</style>"
)


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture of the run, ready to stand in the page."""

    name: str
    html: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """A model with all that was found around it."""

    source: Source
    model: MlflowModel
    run: Run
    files: Files
    folder: str
    root: str

    @property
    def name(self) -> str:
        """How people call it: the model's folder, in its run."""
        folder = self.folder.rstrip("/").rpartition("/")[2]
        return clean(folder)[:200] or "MLmodel"

    @property
    def model_class(self) -> str:
        """The class of the model: as it is written, or the first of its library that its pickle would import."""
        written = self.model.flavors.get(self.model.main_flavor, {}).get("model_class")
        return written or _pickled_class(self) or self.model.model_class

    def own(self, name: str) -> Related | None:
        """Return a file of the model's folder."""
        return self.files.by_key.get(self.folder + name)


def references(source: Source) -> tuple[Listing, ...]:
    """Ask for the model's folder and the run around it."""
    return model_listings(source)


@renderer(NAME, version=VERSION, kinds=("mlflow",), references=references)
def render_mlflow(source: Source, limits: Limits) -> Rendering:
    """Show a model and its run; nothing of it is loaded."""
    model = read_mlmodel(source.path)
    files = Files.around(source)
    folder = model_folder(source.key)
    root = run_folder(source.key) or folder
    shown = _Shown(source, model, read_run(files, root), files, folder, root)
    pictures, problems = _pictures(files, root, limits)
    part = Part(
        kind="mlflow",
        title=shown.name,
        lead=_sentence(shown),
        alt_text=_sentence(shown),
        facts={"mlflow": _facts(shown, pictures)},
        body=_body(shown, pictures),
        thumbnail=_thumbnail(shown),
        warnings=(*model.warnings, *shown.run.problems[:10], *problems),
        members=_members(source, files, root),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def picture_references(source: Source) -> tuple[Listing, ...]:
    """Ask for the run around a picture."""
    return picture_listings(source)


@renderer("belvedere.mlflow_image", version=VERSION, kinds=("mlflow_image",), references=picture_references)
def render_run_picture(source: Source, limits: Limits) -> Rendering:
    """Show a picture among a run's artifacts as a picture, and below it what the run recorded."""
    picture = find_renderer("image").render(source, limits)
    files, root = Files.around(source), run_folder(source.key) or ""
    run = read_run(files, root) if root else Run()
    others, problems = _pictures(files, root, limits)
    if not run and not others:
        return picture
    facts: dict[str, Any] = {
        "params": run.params,
        "metrics": run.metrics,
        "images": sorted([source.key[len(f"{root}artifacts/") :], *(other.name for other in others)]),
    }
    body = GALLERY + _main_of(picture) + _records(run) + _gallery(others, "Other pictures of this run")
    body += _file_list(files.below(root))
    warnings = (*picture.warnings, *run.problems[:10], *problems)
    content = page(picture.title, body, warnings=warnings)
    outputs = tuple(replace(output, content=content) if output.role == "page" else output for output in picture.outputs)
    return replace(
        picture,
        facts={**picture.facts, "mlflow": facts},
        outputs=outputs,
        warnings=warnings,
        members=_members(source, files, root) if _leads(source, files, root) else (),
    )


def _main_of(picture: Rendering) -> str:
    from belvedere.rendering.nesting import embedded

    return embedded(picture)


def _leads(source: Source, files: Files, root: str) -> bool:
    """Of a run without a model, its first picture stands for all."""
    others = files.below(f"{root}artifacts/")
    if any(is_model_file(name) for name in others):
        return False
    return all(f"{root}artifacts/{name}" > source.key for name in files.pictures(f"{root}artifacts/"))


def _members(source: Source, files: Files, root: str) -> tuple[str, ...]:
    return tuple(
        key for key in files.by_key if key.startswith(root) and object_uri(source.bucket, key) in source.related
    )


def _sentence(shown: _Shown) -> str:
    model, run = shown.model, shown.run
    said = f"MLflow model of the flavors {', '.join(model.flavors)}"
    inputs, outputs = model.signature.inputs, model.signature.outputs
    takes = f" taking {len(inputs):,} {'input' if len(inputs) == 1 else 'inputs'}" if inputs else ""
    gives = f" and giving {len(outputs):,} {'output' if len(outputs) == 1 else 'outputs'}" if outputs else ""
    numbers = ", ".join(f"{name} {short(value)}" for name, value in list(run.metrics.items())[:4])
    return f"{said}{takes}{gives}{f'; its run recorded {numbers}' if numbers else ''}."


def _facts(shown: _Shown, pictures: Sequence[_Picture]) -> dict[str, Any]:
    model, run = shown.model, shown.run
    return {
        "flavors": sorted(model.flavors),
        "params": dict(list(run.params.items())[:MOST_ROWS]),
        "metrics": dict(list(run.metrics.items())[:MOST_ROWS]),
        "tags": dict(list(run.tags.items())[:MOST_ROWS]),
        "model_class": shown.model_class,
        "mlflow_version": model.words.get("mlflow_version"),
        "python_version": model.python_version,
        "run_id": model.words.get("run_id"),
        "model_id": model.words.get("model_id"),
        "signature": {
            "inputs": _columns(model.signature.inputs),
            "outputs": _columns(model.signature.outputs),
            "params": _columns(model.signature.params),
        },
        "requirements": _requirements(shown),
        "images": [picture.name for picture in pictures],
        "files": len(shown.files.below(shown.folder)) + 1,
    }


def _columns(columns: Sequence[Column]) -> list[dict[str, Any]]:
    return [{"name": one.name, "type": one.type, "required": one.required} for one in columns[:MOST_ROWS]]


def _requirements(shown: _Shown) -> list[str]:
    text = _text_of(shown.own("requirements.txt"))
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")][:MOST_ROWS]


def _text_of(related: Related | None) -> str:
    if related is None or related.path is None:
        return ""
    with related.path.open("rb") as file:
        return clean(decode(file.read(MOST_TEXT), whole=False).text)


def _body(shown: _Shown, pictures: Sequence[_Picture]) -> str:
    model = shown.model
    return (
        GALLERY
        + STYLE
        + _records(shown.run)
        + _gallery(pictures, "Pictures of the run")
        + f"<h2>Model</h2>{fact_list(_known(shown))}"
        + _signature(model)
        + _example(shown.own("input_example.json"))
        + _loading(shown)
        + _environment(shown)
        + _file_list(shown.files.below(shown.root))
    )


def _records(run: Run) -> str:
    """Metrics in large type, then metrics and parameters side by side."""
    if not run:
        return ""
    figures = {name: short(value) for name, value in list(run.metrics.items())[:MOST_IN_VERDICT]}
    metrics = [(name, repr(value)) for name, value in list(run.metrics.items())[:MOST_ROWS]]
    params = list(run.params.items())[:MOST_ROWS]
    tags = [(name, value) for name, value in run.tags.items() if not name.startswith("mlflow.log-model")][:MOST_ROWS]
    tables = [
        f"<div><h2>Metrics</h2>{table(('metric', 'value'), metrics, numeric=(False, True))}</div>" if metrics else "",
        f"<div><h2>Parameters</h2>{table(('parameter', 'value'), params)}</div>" if params else "",
        f"<div><h2>Tags</h2>{table(('tag', 'value'), tags)}</div>" if tags else "",
    ]
    return verdict(figures) + f'<div class="pair">{"".join(tables)}</div>'


def _gallery(pictures: Sequence[_Picture], heading: str) -> str:
    if not pictures:
        return ""
    shown = "".join(
        f"<figure>{picture.html}<figcaption>{escaped(picture.name)}</figcaption></figure>" for picture in pictures
    )
    return f'<h2>{escaped(heading)}</h2><div class="gallery">{shown}</div>'


def _pictures(files: Files, root: str, limits: Limits) -> tuple[list[_Picture], list[str]]:
    found: list[_Picture] = []
    problems: list[str] = []
    for name, related in files.pictures(f"{root}artifacts/").items():
        if related.path is None or len(found) >= MOST_PICTURES:
            found.append(_Picture(clean(name)[:300], '<p class="muted">not shown here</p>'))
            continue
        try:
            found.append(_Picture(clean(name)[:300], _image(related, clean(name)[:300], limits)))
        except BelvedereError as error:
            problems.append(f"The picture {clean(name)[:200]} is not shown: {error.message}")
    return found, problems


def _image(related: Related, name: str, limits: Limits) -> str:
    path = related.path
    if path is None:
        return ""
    if name.lower().endswith(".svg"):
        return _drawn(clean_svg(path.read_bytes()).content, "image/svg+xml", name)
    content, media_type, _ = encoded(open_picture(path, limits.image_pixels, largest_side=LARGEST_SIDE))
    return _drawn(content, media_type, name)


def _drawn(content: bytes, media_type: str, name: str) -> str:
    address = base64.b64encode(content).decode("ascii")
    return f'<img src="data:{media_type};base64,{address}" alt="{escaped(name)}">'


def _known(shown: _Shown) -> dict[str, str]:
    model = shown.model
    own = model.flavors.get(model.main_flavor, {})
    versions = {name.replace("_", " "): value for name, value in own.items() if name.endswith("_version")}
    size = model.words.get("model_size_bytes", "")
    known = {
        "Flavors": ", ".join(model.flavors),
        "Class": shown.model_class,
        "Serialised as": own.get("serialization_format", "") or own.get("model_format", ""),
        **versions,
        "Python": model.python_version,
        "MLflow": model.words.get("mlflow_version", ""),
        "Size": bytes_in_words(int(size)) if size.isdigit() and len(size) < 18 else "",
        "Created": model.words.get("utc_time_created", ""),
        "Run": model.words.get("run_id", ""),
        "Model id": model.words.get("model_id", ""),
        **model.metadata,
    }
    return {name: value for name, value in known.items() if value}


def _signature(model: MlflowModel) -> str:
    said = model.signature
    parts = [("Inputs", said.inputs), ("Outputs", said.outputs), ("Parameters at inference", said.params)]
    tables = "".join(
        f"<div><h3>{heading}</h3>{table(('name', 'type', 'required'), _rows(columns))}</div>"
        for heading, columns in parts
        if columns
    )
    none = "<p>It has no signature: what it takes and gives is not written down.</p>"
    return "<h2>Signature</h2>" + (f'<div class="pair">{tables}</div>' if tables else none)


def _pickled_class(shown: _Shown) -> str:
    for name in shown.model.files_to_load:
        related = shown.own(name)
        if related is not None and related.path is not None and name.endswith(PICKLES):
            try:
                imports = scan_pickle(related.path).imports
            except BelvedereError:
                continue
            package = f"{shown.model.main_flavor}."
            classes = [
                one.path
                for one in imports
                if one.path.startswith(package) and one.path.rpartition(".")[2][:1].isupper()
            ]
            return next((path for path in classes if ".pipeline." in path), classes[0] if classes else "")
    return ""


def _rows(columns: Sequence[Column]) -> list[tuple[str, str, str]]:
    words = {True: "yes", False: "no", None: ""}
    return [(one.name or "(unnamed)", one.type, words[one.required]) for one in columns[:MOST_ROWS]]


def _example(related: Related | None) -> str:
    """Show the input example: MLflow writes it as ``{"columns": [...], "data": [[...]]}`` or plain JSON."""
    text = _text_of(related)
    if not text:
        return ""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return f'<h2>Input example</h2><div class="text"><pre>{escaped(text[:2000])}</pre></div>'
    columns, data = (document.get("columns"), document.get("data")) if isinstance(document, dict) else (None, None)
    if isinstance(columns, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        rows = [[str(value) for value in row[: len(columns)]] + [""] * (len(columns) - len(row)) for row in data]
        return f"<h2>Input example</h2>{table([str(name) for name in columns], rows[:EXAMPLE_ROWS])}"
    shown = json.dumps(document, ensure_ascii=False, indent=1)[:2000]
    return f'<h2>Input example</h2><div class="text"><pre>{escaped(shown)}</pre></div>'


def _loading(shown: _Shown) -> str:
    """Say what loading the model would read, and what a pickle among it would import."""
    parts = []
    for name in shown.model.files_to_load:
        related = shown.own(name)
        if related is None or not name.endswith(PICKLES):
            continue
        if related.path is None:
            parts.append(f"<p>{escaped(name)} was not looked into: {escaped(related.problem or '')}.</p>")
            continue
        try:
            parts.append(f"<h3>{escaped(name)}</h3>{imports_table(scan_pickle(related.path))}")
        except BelvedereError as error:
            parts.append(f"<p>{escaped(name)}: {escaped(error.message)}</p>")
    head = '<h2>Loading it</h2><p class="muted">The model was not loaded. Its pickle would import these names.</p>'
    return head + "".join(parts) if parts else ""


def _environment(shown: _Shown) -> str:
    requirements = _requirements(shown)
    files = {name: _text_of(shown.own(name)) for name in ("conda.yaml", "python_env.yaml")}
    listed = "".join(f"<li><code>{escaped(line)}</code></li>" for line in requirements)
    texts = "".join(
        f'<details><summary>{name}</summary><div class="text"><pre>{escaped(text[:4000])}</pre></div></details>'
        for name, text in files.items()
        if text
    )
    if not listed and not texts:
        return ""
    return f'<h2>Environment</h2><ul class="found">{listed}</ul>{texts}'


def _file_list(files: Mapping[str, Related]) -> str:
    if not files:
        return ""
    rows = [(clean(name)[:400], bytes_in_words(one.size)) for name, one in sorted(files.items())[:MOST_FILES]]
    more = len(files) - len(rows)
    said = f'<p class="muted">and {more:,} more</p>' if more > 0 else ""
    return f"<h2>Files</h2>{table(('file', 'size'), rows, numeric=(False, True))}{said}"


def _thumbnail(shown: _Shown) -> Drawing:
    drawing = Drawing(480, 300, label=_sentence(shown))
    drawing.text(20, 44, shown.model.main_flavor, css="strong", size=30, fit=440)
    drawing.text(20, 68, shown.model_class or "MLflow model", css="muted", size=15, fit=440)
    metrics = list(shown.run.metrics.items())[:5]
    for at, (name, value) in enumerate(metrics):
        y = 112 + at * 36
        drawing.text(20, y, name, css="muted", size=17, fit=270)
        drawing.text(460, y, short(value), css="strong", size=24, anchor="end")
    if not metrics:
        lines = [f"{one.name or 'input'}: {one.type}" for one in shown.model.signature.inputs[:6]]
        for at, line in enumerate(lines):
            drawing.text(20, 112 + at * 27, line, css="mono", size=16, fit=440)
    return drawing
