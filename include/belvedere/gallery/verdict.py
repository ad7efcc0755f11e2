"""The facts of an artifact in the few words that fit on a card."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Facts = Mapping[str, Any]
BETWEEN = " · "


def verdict(facts: Facts) -> str | None:
    """Return what the facts come down to, such as ``AUC 0.943 · accuracy 0.933``; None where nothing is known."""
    known = (say(facts[name]) for name, say in SAYINGS.items() if isinstance(facts.get(name), Mapping))
    parts = _once([*_of_itself(facts), *(words for words in known if words)])
    return BETWEEN.join(parts[:2]) or None


def _once(parts: list[str]) -> list[str]:
    """Leave out what an earlier part has said by the same name: a curve's AUC stands among the metrics, too."""
    said: set[str] = set()
    new = []
    for part in parts:
        words = part.split(BETWEEN)
        new.append(BETWEEN.join(each for each in words if _name(each) not in said))
        said.update(_name(each) for each in words)
    return [part for part in new if part]


def _name(words: str) -> str:
    """Return what a number is called, and other words whole."""
    name, _, value = words.rpartition(" ")
    return name.casefold() if value[:1].isdigit() else words


def _roc(roc: Facts) -> str | None:
    return f"AUC {roc['auc']:.3f}" if _is_number(roc.get("auc")) else None


def _confusion_matrix(matrix: Facts) -> str | None:
    return f"accuracy {matrix['accuracy']:.3f}" if _is_number(matrix.get("accuracy")) else None


def _table(table: Facts) -> str | None:
    rows, columns = table.get("rows"), table.get("columns")
    return f"{rows:,} × {columns:,}" if isinstance(rows, int) and isinstance(columns, int) else None


def _image(image: Facts) -> str | None:
    width, height = image.get("width"), image.get("height")
    if isinstance(width, int) and isinstance(height, int):
        return f"{width} × {height} {image.get('format', '')}".strip()
    return str(image["format"]) if image.get("format") else None


def _text(text: Facts) -> str | None:
    return f"{text['lines']:,} lines" if isinstance(text.get("lines"), int) else None


def _markdown(text: Facts) -> str | None:
    return f"{text['words']:,} words" if isinstance(text.get("words"), int) else None


def _coco(coco: Facts) -> str | None:
    images, annotations = coco.get("images"), coco.get("annotations")
    if not isinstance(images, int) or not isinstance(annotations, int):
        return None
    return f"{images:,} images, {annotations:,} {'predictions' if coco.get('predictions') else 'annotations'}"


def _pdf(pdf: Facts) -> str | None:
    pages = pdf.get("pages")
    return f"{pages:,} page{'' if pages == 1 else 's'}" if isinstance(pages, int) else None


def _recording(recording: Facts) -> str | None:
    seconds: Any = recording.get("duration_seconds")
    codec = recording.get("codec")
    length = f"{seconds:.3g} s" if _is_number(seconds) and seconds < 60 else ""
    if _is_number(seconds) and seconds >= 60:
        length = f"{int(seconds // 60)}:{int(seconds % 60):02}"
    return " ".join(word for word in (length, str(codec or "").strip()) if word) or None


def _geojson(geojson: Facts) -> str | None:
    features = geojson.get("features")
    return f"{features:,} feature{'' if features == 1 else 's'}" if isinstance(features, int) else None


def _parameters(model: Facts) -> str | None:
    count = model.get("parameters")
    return f"{_large(count)} parameters" if _is_number(count) and count else None


def _onnx(model: Facts) -> str | None:
    nodes = model.get("nodes")
    operators = f"{nodes:,} operator{'' if nodes == 1 else 's'}" if isinstance(nodes, int) else None
    return ", ".join(words for words in (operators, _parameters(model)) if words) or None


def _mlflow(model: Facts) -> str | None:
    metrics = model.get("metrics")
    named = list(metrics.items())[:2] if isinstance(metrics, Mapping) else []
    said = [f"{name} {value:.4g}" for name, value in named if _is_number(value)]
    flavors = model.get("flavors")
    main = [name for name in flavors if name != "python_function"] if isinstance(flavors, list) else []
    return BETWEEN.join([*(str(name) for name in main[:1]), *said]) or None


def _trees(model: Facts) -> str | None:
    trees = model.get("trees")
    return f"{trees:,} trees for {model.get('objective') or 'an unnamed objective'}" if isinstance(trees, int) else None


def _pickle(pickle: Facts) -> str | None:
    dangerous, imports = _listed(pickle.get("dangerous")), pickle.get("imports")
    if dangerous:
        return f"dangerous: {dangerous[0]}"
    if not isinstance(imports, list):
        return None
    return f"{len(imports):,} import{'' if len(imports) == 1 else 's'}, not loaded"


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _skops(model: Facts) -> str | None:
    name = model.get("model")
    return str(name).rpartition(".")[2] if name else None


def _keras(model: Facts) -> str | None:
    layers = model.get("layers")
    return f"{layers:,} layer{'' if layers == 1 else 's'}" if isinstance(layers, int) else None


def _saved_model(model: Facts) -> str | None:
    version = model.get("tensorflow")
    return f"TensorFlow {version}" if version else None


def _tensorboard(logs: Facts) -> str | None:
    """Return how many runs there are, and where the first scalar of the first run that has any ends."""
    runs = logs.get("runs")
    if not isinstance(runs, Mapping) or not runs:
        return None
    said = f"{len(runs):,} run{'' if len(runs) == 1 else 's'}"
    logged = [run["scalars"] for run in runs.values() if isinstance(run, Mapping) and run.get("scalars")]
    scalars: Facts = logged[0] if logged and isinstance(logged[0], Mapping) else {}
    tag = min(scalars, key=lambda name: "loss" not in str(name), default="")
    point = scalars.get(tag)
    last: Any = point.get("last_value") if isinstance(point, Mapping) else None
    return f"{said}, {tag} {last:.4g}".strip() if _is_number(last) else said


def _metrics(metrics: Facts) -> str | None:
    named = [(" ".join(str(name).split()), value) for name, value in metrics.items() if _is_number(value)][:2]
    return BETWEEN.join(f"{name} {value:.4g}".strip() for name, value in named) or None


def _chart(chart: Facts) -> str | None:
    for name, word in (("marks", "mark"), ("traces", "trace")):
        count = chart.get(name)
        if isinstance(count, int):
            return f"{count:,} {word}{'' if count == 1 else 's'}"
    return None


def _progress(progress: Facts) -> str | None:
    metrics = progress.get("metrics")
    return _metrics(metrics) if isinstance(metrics, Mapping) else None


def _artifacts(artifacts: Facts) -> str | None:
    return f"{len(artifacts):,} artifact{'' if len(artifacts) == 1 else 's'}" if artifacts else None


def _large(count: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g} {letter}"
    return f"{count:,}"


def _of_itself(facts: Facts) -> list[str]:
    """Return what facts without a group of their own say: how many outputs, how far the work is."""
    outputs, percent = facts.get("outputs"), facts.get("percent")
    said = [f"{outputs} outputs"] if isinstance(outputs, int) and outputs > 1 else []
    slices = facts.get("slices")
    if isinstance(slices, list) and slices and isinstance(slices[0], Mapping):
        score = next((slices[0][name] for name in ("accuracy", "auc") if _is_number(slices[0].get(name))), None)
        said.append(f"{len(slices):,} slices" + (f", worst {score:.3f}" if score is not None else ""))
    return [*said, f"{percent:.0f} %"] if _is_number(percent) else said


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


SAYINGS: dict[str, Callable[[Facts], str | None]] = {
    "roc": _roc,
    "confusion_matrix": _confusion_matrix,
    "table": _table,
    "image": _image,
    "text": _text,
    "markdown": _markdown,
    "coco": _coco,
    "pdf": _pdf,
    "audio": _recording,
    "video": _recording,
    "geojson": _geojson,
    "onnx": _onnx,
    "mlflow": _mlflow,
    "xgboost": _trees,
    "lightgbm": _trees,
    "pytorch": _parameters,
    "safetensors": _parameters,
    "pickle": _pickle,
    "skops": _skops,
    "keras": _keras,
    "saved_model": _saved_model,
    "tensorboard": _tensorboard,
    "chart": _chart,
    "progress": _progress,
    "artifacts": _artifacts,
    "metrics": _metrics,
}
