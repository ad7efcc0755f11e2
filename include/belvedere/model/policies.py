"""Access policies in one form, so that two of them can be compared: the object store hands them out rearranged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SETS = ("Action", "NotAction", "Resource", "NotResource")


def canonical_policy(document: Mapping[str, Any]) -> str:
    """Return a policy as canonical JSON: equal policies give equal texts, whoever wrote them down.

    Names are sorted, one string is a list of one, sets and statements have one order and no doubles, and what is empty
    is left out. What is none of these (an effect, a version, a condition's operator) stays as it is.
    """
    statements = document.get("Statement") or []
    listed = [statements] if isinstance(statements, dict) else list(statements)
    texts = sorted({_text(_statement(statement)) for statement in listed})
    rest = {name: value for name, value in document.items() if name != "Statement" and value}
    return _text(rest | {"Statement": [json.loads(text) for text in texts]})


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in statement.items() if value not in ("", None, [], {})}
    for name in SETS:
        if name in said:
            said[name] = _set(said[name])
    if "Condition" in said:
        said["Condition"] = {
            operator: {key: _set(values) for key, values in keys.items()}
            for operator, keys in said["Condition"].items()
        }
    return said


def _set(value: object) -> list[str]:
    """Condition values may be numbers or truth values; the object store answers them as strings."""
    values = value if isinstance(value, list | tuple) else [value]
    return sorted({each if isinstance(each, str) else json.dumps(each) for each in values})


def _text(document: object) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
