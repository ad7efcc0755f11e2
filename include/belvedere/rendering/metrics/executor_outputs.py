"""What a Kubeflow v2 step says it made: ``executor_output.json``, its artifacts and parameters.

Source: kubeflow/pipelines, api/v2alpha1/pipeline_spec.proto (ExecutorOutput, ArtifactList, RuntimeArtifact).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_ARTIFACTS, LONGEST_NAME, LONGEST_VALUE = 200, 120, 2000


@dataclass(frozen=True, slots=True)
class OutputArtifact:
    """One artifact that a step made. ``name`` is its output's key, with a number where an output has several."""

    name: str
    uri: str
    type: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExecutorOutput:
    """The artifacts in their order, and the parameters as text."""

    artifacts: tuple[OutputArtifact, ...]
    parameters: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def read_executor_output(document: Any) -> ExecutorOutput:
    """Read artifacts and parameters; an artifact that is none is told in the warnings.

    Raises:
        MalformedArtifact: there are neither artifacts nor parameters.
        LimitExceeded: there are more than ``MOST_ARTIFACTS``.
    """
    fields = document if isinstance(document, dict) else {}
    artifacts, warnings = [], []
    listed = fields.get("artifacts")
    for key, value in listed.items() if isinstance(listed, dict) else ():
        items = value.get("artifacts") if isinstance(value, dict) else None
        if not isinstance(items, list):
            warnings.append(f"The output {clean(str(key))[:LONGEST_NAME]} lists no artifacts.")
            continue
        for at, item in enumerate(items):
            name = clean(str(key))[:LONGEST_NAME] + (f"[{at}]" if len(items) > 1 else "")
            if isinstance(item, dict):
                artifacts.append(_artifact(name, item))
            else:
                warnings.append(f"The artifact {name} is not an object.")
    parameters = _parameters(fields)
    if not artifacts and not parameters:
        text = f"The executor output holds neither artifacts nor parameters. {' '.join(warnings[:5])}".strip()
        raise MalformedArtifact(text, code="no_artifacts")
    if len(artifacts) > MOST_ARTIFACTS:
        text = f"The executor output lists {len(artifacts):,} artifacts; at most {MOST_ARTIFACTS} are shown."
        raise LimitExceeded(text, code="artifacts")
    return ExecutorOutput(tuple(artifacts), parameters, tuple(warnings))


def _artifact(name: str, item: Mapping[str, Any]) -> OutputArtifact:
    uri, kind, metadata = item.get("uri"), item.get("type"), item.get("metadata")
    title = (kind.get("schemaTitle") or kind.get("instanceSchema") or "") if isinstance(kind, dict) else kind
    return OutputArtifact(
        name,
        uri if isinstance(uri, str) else "",
        clean(str(title or ""))[:LONGEST_NAME],
        metadata if isinstance(metadata, dict) else {},
    )


def _parameters(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters of both spellings: plain values, and values wrapped by their type."""
    found: dict[str, str] = {}
    for group in ("parameterValues", "parameters"):
        values = fields.get(group)
        for name, value in list(values.items())[:MOST_ARTIFACTS] if isinstance(values, dict) else ():
            wrapped = isinstance(value, dict) and len(value) == 1 and next(iter(value)).endswith("Value")
            plain = next(iter(value.values())) if wrapped else value
            text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
            found[clean(str(name))[:LONGEST_NAME]] = clean(text)[:LONGEST_VALUE]
    return found
