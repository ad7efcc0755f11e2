"""scikit-learn models as ``.skops``: the types that loading would need, from their schema; nothing is loaded.

Format: a zip with ``schema.json`` and array files (https://skops.readthedocs.io/en/stable/persistence.html).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.models.model_zips import contents_of, entry_of
from belvedere.rendering.models.pickle_imports import Risk, risk_of
from belvedere.rendering.models.pickle_machine import Global
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import fact_list, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean, decode

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.skops", "1.0.0"
MOST_SCHEMA_BYTES = 64 * 1024**2
MOST_NODES, MOST_ROWS, LONGEST = 1_000_000, 300, 300
CODE_LOADERS = frozenset({"FunctionNode", "MethodNode", "PartialNode", "OperatorFuncNode", "ReduceNode"})
RISK_WORDS = {
    Risk.DANGEROUS: "dangerous: can run code or reach the system",
    Risk.UNKNOWN: "not trusted without being named: look it up before loading",
    Risk.USUAL: "usual for models and arrays",
}
STYLE = "<style>.risk-dangerous td{color:var(--bad);font-weight:650}.risk-unknown td{color:var(--warn-ink)}</style>"


@dataclass(slots=True)
class Schema:
    """What a schema names: its root type, how often each type occurs, functions among them, its parameters."""

    root: str = ""
    types: Counter[tuple[str, str]] = field(default_factory=Counter)
    functions: dict[str, None] = field(default_factory=dict)
    estimators: list[str] = field(default_factory=list)
    version: str = ""
    protocol: str = ""

    def risk(self, type_: tuple[str, str]) -> Risk:
        """Return how much a type worries."""
        return risk_of(Global(*type_))


@renderer(NAME, version=VERSION, kinds=("skops",))
def render_skops(source: Source, limits: Limits) -> Rendering:
    """Show what a model is made of, and which of its types ought not to be trusted."""
    contents = contents_of(source, limits)
    schema = read_schema(decode(_schema_bytes(source, limits)).text)
    unsafe = [type_ for type_ in schema.types if schema.risk(type_) is not Risk.USUAL]
    steps = ", ".join(name.rpartition(".")[2] for name in schema.estimators[:6])
    name = schema.root.rpartition(".")[2]
    said = f"skops model {name}, not loaded: {len(schema.types):,} types, {len(unsafe):,} not trusted"
    said += f"; estimators {steps}." if steps else "."
    figures = {
        "Model": name,
        "Types": f"{len(schema.types):,}",
        "Not trusted": f"{len(unsafe):,}",
        "File": bytes_in_words(source.size),
    }
    files = [(one.name, bytes_in_words(one.size)) for one in contents.files[:MOST_ROWS]]
    known = {"Type": schema.root, "skops": schema.version, "Protocol": schema.protocol, "Estimators": steps}
    body = STYLE + verdict(figures) + fact_list({name: value for name, value in known.items() if value})
    body += f"<h2>Types that loading needs</h2>{_types(schema)}"
    body += f"<h2>Files</h2>{table(('file', 'size'), files, numeric=(False, True))}"
    part = Part(
        kind="skops",
        title=file_name(source),
        lead=said,
        alt_text=said,
        facts={"skops": _facts(schema, unsafe)},
        body=body,
        thumbnail=_thumbnail(schema, said, len(unsafe)),
        warnings=(*contents.warnings, *_warnings(unsafe, schema)),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _schema_bytes(source: Source, limits: Limits) -> bytes:
    path = entry_of(source, contents_of(source, limits), "schema.json", limits)
    if path.stat().st_size > MOST_SCHEMA_BYTES:
        raise LimitExceeded(f"Its schema.json is larger than {MOST_SCHEMA_BYTES:,} bytes.", code="schema_size")
    return path.read_bytes()


def read_schema(text: str) -> Schema:
    """Read ``schema.json``.

    Raises:
        MalformedArtifact: it is no schema.
        LimitExceeded: it holds too many values.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedArtifact("Its schema.json is not valid JSON (invalid or truncated).", code="not_json") from error
    if not isinstance(document, dict) or not isinstance(document.get("__class__"), str):
        raise MalformedArtifact("Its schema.json names no type: not a skops model.", code="no_type")
    schema = Schema(
        root=".".join(_type_of(document)),
        version=clean(str(document.get("_skops_version", "")))[:40],
        protocol=clean(str(document.get("protocol", "")))[:40],
    )
    _walk(schema, document)
    return schema


def _walk(schema: Schema, document: Any) -> None:
    waiting, seen = [document], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if seen > MOST_NODES:
            raise LimitExceeded(f"Its schema holds more than {MOST_NODES:,} values.", code="schema_values")
        if isinstance(value, list):
            waiting.extend(reversed(value))
        elif isinstance(value, dict):
            if isinstance(value.get("__class__"), str):
                _note(schema, value)
            waiting.extend(reversed(list(value.values())))


def _note(schema: Schema, node: dict[str, Any]) -> None:
    found = _type_of(node)
    schema.types[found] += 1
    path = ".".join(found)
    if node.get("__loader__") in CODE_LOADERS:
        content = node.get("content")
        named = content if isinstance(content, dict) else {}
        module, function = named.get("module_path"), named.get("function")
        if isinstance(module, str) and isinstance(function, str):
            schema.types[(clean(module)[:LONGEST], clean(function)[:LONGEST])] += 1
        schema.functions[path] = None
    package = found[0].partition(".")[0]
    if (
        found[1][:1].isupper()
        and package not in ("builtins", "numpy", "scipy", "collections")
        and path not in schema.estimators
    ):
        schema.estimators.append(path)


def _type_of(node: dict[str, Any]) -> tuple[str, str]:
    return clean(str(node.get("__module__", "")))[:LONGEST], clean(str(node["__class__"]))[:LONGEST]


def _facts(schema: Schema, unsafe: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "model": schema.root,
        "types": {".".join(type_): n for type_, n in schema.types.most_common(MOST_ROWS)},
        "untrusted": [".".join(type_) for type_ in unsafe[:MOST_ROWS]],
        "estimators": schema.estimators[:MOST_ROWS],
        "protocol": schema.protocol,
    }


def _warnings(unsafe: list[tuple[str, str]], schema: Schema) -> tuple[str, ...]:
    dangerous = [".".join(type_) for type_ in unsafe if schema.risk(type_) is Risk.DANGEROUS]
    if not dangerous:
        return ()
    return (f"Loading this model can run code or reach the system: it needs {', '.join(dangerous[:6])}.",)


def _types(schema: Schema) -> str:
    order = list(Risk)
    ranked = sorted(schema.types.items(), key=lambda one: (order.index(schema.risk(one[0])), one[0]))
    rows = "".join(
        f'<tr class="risk-{schema.risk(type_).value}"><td>{escaped(".".join(type_))}</td><td class="n">{n:,}</td>'
        f"<td>{RISK_WORDS[schema.risk(type_)]}</td></tr>"
        for type_, n in ranked[:MOST_ROWS]
    )
    head = '<thead><tr><th>type</th><th class="n">times</th><th>what that is</th></tr></thead>'
    return f'<div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>'


def _thumbnail(schema: Schema, said: str, unsafe: int) -> Drawing:
    drawing = Drawing(480, 300, label=said)
    drawing.text(20, 48, schema.root.rpartition(".")[2], css="strong", size=32, fit=440)
    words, css = (f"{unsafe:,} types not trusted", "wrong") if unsafe else ("only usual types", "muted")
    drawing.text(20, 74, words, css=css, size=16)
    for at, name in enumerate(schema.estimators[:7]):
        drawing.text(20, 114 + at * 26, name.rpartition(".")[2], css="mono", size=17, fit=440)
    return drawing
