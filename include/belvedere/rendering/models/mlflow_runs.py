"""The records of an MLflow run, as far as they lie beside its artifacts: metrics, parameters, tags."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from belvedere.rendering.pages.numbers import finite_number
from belvedere.rendering.texts.plaintext import clean, decode

if TYPE_CHECKING:
    from belvedere.model.rendering import Related
    from belvedere.rendering.models.mlflow_layout import Files

MOST_RECORDS = 2000
LONGEST = 500
SYSTEM_TAG = "mlflow."


@dataclass(slots=True)
class Run:
    """What a run recorded: its last metrics, the histories of those that have one, parameters, tags."""

    metrics: dict[str, float] = field(default_factory=dict)
    histories: dict[str, list[float]] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything was recorded."""
        return bool(self.metrics or self.params or self.tags)


def read_run(files: Files, root: str) -> Run:
    """Read the records of the run whose folder is ``root``; what cannot be read becomes a problem in words."""
    run = Run()
    for name, related in list(files.below(root).items()):
        folder, _, record = name.partition("/")
        if related.path is None:
            continue
        if name in ("metrics.json", "params.json", "tags.json"):
            _read_export(run, name.removesuffix(".json"), related)
        elif folder == "metrics" and record:
            _read_history(run, record, related)
        elif folder in ("params", "tags") and record:
            getattr(run, folder)[clean(record)[:LONGEST]] = _text(related)[:LONGEST]
        elif name == "meta.yaml":
            run.tags.update(_meta(related))
    return run


def _read_export(run: Run, what: str, related: Related) -> None:
    try:
        document = json.loads(_text(related))
    except (ValueError, RecursionError):
        run.problems.append(f"{what}.json of the run is not valid JSON: left out.")
        return
    for name, value in _entries(document):
        if what == "metrics":
            _note_metric(run, name, value)
        elif value is not None:
            getattr(run, what)[name] = clean(value if isinstance(value, str) else json.dumps(value))[:LONGEST]


def _entries(document: Any) -> list[tuple[str, Any]]:
    """Names and values: a JSON object of them, or MLflow's list of ``{"key", "value"}``."""
    if isinstance(document, dict):
        pairs = list(document.items())
    else:
        entries = document if isinstance(document, list) else []
        pairs = [(entry["key"], entry.get("value")) for entry in entries if isinstance(entry, dict) and "key" in entry]
    return [(clean(str(name))[:LONGEST], value) for name, value in pairs[:MOST_RECORDS]]


def _note_metric(run: Run, name: str, value: Any) -> None:
    history = (
        [finite_number(one.get("value") if isinstance(one, dict) else one) for one in value]
        if isinstance(value, list)
        else [finite_number(value)]
    )
    found = [one for one in history if one is not None]
    if not found:
        run.problems.append(f"The metric {name} of the run is no number: left out.")
        return
    run.metrics[name] = found[-1]
    if len(found) > 1:
        run.histories[name] = found


def _read_history(run: Run, name: str, related: Related) -> None:
    """Read a file of lines ``time value step``."""
    values = [finite_number(parts[1]) for line in _text(related).splitlines() if len(parts := line.split()) > 1]
    _note_metric(run, clean(name)[:LONGEST], values)


def _meta(related: Related) -> dict[str, str]:
    """Read the few words of ``meta.yaml`` that people ask for."""
    wanted = {"run_name": "run name", "status": "status", "user_id": "user", "experiment_id": "experiment"}
    pairs = [line.partition(":")[::2] for line in _text(related).splitlines()[:100]]
    return {
        wanted[name.strip()]: value.strip().strip("'\"")[:LONGEST] for name, value in pairs if name.strip() in wanted
    }


def _text(related: Related) -> str:
    return clean(decode(related.path.read_bytes()).text) if related.path else ""
