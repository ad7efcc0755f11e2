"""``MLmodel``: what MLflow says about a model it stored (https://mlflow.org/docs/latest/ml/model/)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.pages.value_trees import Scalar
from belvedere.rendering.texts.plaintext import clean, decode
from belvedere.rendering.texts.yaml_reader import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 4 * 1024**2
MOST_COLUMNS = 5000
LONGEST = 500
FRAMEWORK_VERSIONS = ("_version",)


@dataclass(frozen=True, slots=True)
class Column:
    """A column or tensor of a model's signature. ``required`` is None where it is not said."""

    name: str
    type: str
    required: bool | None


@dataclass(slots=True)
class Signature:
    """What a model takes, gives, and which parameters it takes at inference."""

    inputs: list[Column] = field(default_factory=list)
    outputs: list[Column] = field(default_factory=list)
    params: list[Column] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MlflowModel:
    """An ``MLmodel`` file: its flavors with their settings, its signature, and the other words it holds."""

    flavors: dict[str, dict[str, str]]
    signature: Signature
    words: dict[str, str]
    metadata: dict[str, str]
    warnings: tuple[str, ...]

    @property
    def main_flavor(self) -> str:
        """The flavor that names the library; ``python_function`` where there is no other."""
        return next((name for name in self.flavors if name != "python_function"), "python_function")

    @property
    def python_version(self) -> str:
        """The Python that it was made with."""
        return self.flavors.get("python_function", {}).get("python_version", "")

    @property
    def model_class(self) -> str:
        """The class or module that it is loaded by."""
        own = self.flavors.get(self.main_flavor, {})
        return own.get("model_class") or self.flavors.get("python_function", {}).get("loader_module", "")

    @property
    def files_to_load(self) -> list[str]:
        """The settings that name what loading this model would read."""
        names = ("pickled_model", "data", "model_path", "python_model", "model_data")
        found = (settings.get(name, "") for settings in self.flavors.values() for name in names)
        return list(dict.fromkeys(name for name in found if name))


def read_mlmodel(path: Path) -> MlflowModel:
    """Read an ``MLmodel`` file.

    Raises:
        MalformedArtifact: it is no YAML, or it describes no model.
        LimitExceeded: it is too large, or holds too many values.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise LimitExceeded(f"The MLmodel has {size:,} bytes; at most {MOST_BYTES:,} are read.", code="mlmodel_size")
    text = read_yaml(decode(path.read_bytes()).text)
    document = text.value
    if not isinstance(document, dict) or not isinstance(document.get("flavors"), dict):
        raise MalformedArtifact("Not an MLflow model (invalid or truncated): it names no flavors.", code="no_flavors")
    warnings = [f"It asks for the YAML tag {tag}, which is not followed." for tag in list(text.tags)[:5]]
    warnings += ["It uses YAML aliases, which are not followed."] if text.aliases else []
    signature = _signature(document.get("signature"))
    return MlflowModel(
        flavors={clean(name)[:LONGEST]: _words(settings) for name, settings in sorted(document["flavors"].items())},
        signature=signature,
        words=_words(document),
        metadata=_words(document.get("metadata")),
        warnings=(*warnings, *signature.problems),
    )


def plain_text(value: Any) -> str:
    """Return a YAML scalar as text; nested values as compact JSON; nothing for null."""
    if isinstance(value, Scalar):
        return "" if value.form == "word" and value.text in ("null", "~", "") else clean(value.text)[:LONGEST]
    if isinstance(value, dict | list):
        return json.dumps(_plain(value), ensure_ascii=False)[:LONGEST]
    return ""


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in list(value.items())[:50]}
    if isinstance(value, list):
        return [_plain(inner) for inner in value[:50]]
    return plain_text(value)


def _words(document: Any) -> dict[str, str]:
    if not isinstance(document, dict):
        return {}
    found = {clean(str(name))[:LONGEST]: plain_text(value) for name, value in list(document.items())[:500]}
    return {name: text for name, text in found.items() if text}


def _signature(document: Any) -> Signature:
    signature = Signature()
    if not isinstance(document, dict):
        return signature
    for name, columns in (("inputs", signature.inputs), ("outputs", signature.outputs), ("params", signature.params)):
        written = document.get(name)
        text = written.text if isinstance(written, Scalar) and written.form == "string" else ""
        try:
            listed = json.loads(text) if text else []
        except (ValueError, RecursionError):
            signature.problems.append(f"The signature's {name} are not valid JSON.")
            continue
        columns += [_column(item) for item in listed[:MOST_COLUMNS]] if isinstance(listed, list) else []
    return signature


def _column(item: Any) -> Column:
    entry = item if isinstance(item, dict) else {}
    required = entry.get("required")
    name = entry.get("name")
    shown = clean(name)[:LONGEST] if isinstance(name, str) else ""
    return Column(shown, _type(entry)[:LONGEST], required if isinstance(required, bool) else None)


def _type(entry: dict[str, Any]) -> str:
    kind = clean(str(entry.get("type", "?")))
    tensor = entry.get("tensor-spec")
    if kind == "tensor" and isinstance(tensor, dict):
        shape = tensor.get("shape")
        sizes = [str(size) for size in shape] if isinstance(shape, list) else ["?"]
        return clean(
            f"{tensor.get('dtype', '?')} [{', '.join('any' if size == '-1' else size for size in sizes[:20])}]"
        )
    if "shape" in entry or "default" in entry:
        return clean(f"{kind} = {json.dumps(entry.get('default'))}")
    return kind
