"""Reading YAML for showing: from its events, without recursion, without building anything that a tag asks for.

The C library's own composer overflows its stack on deep nesting (measured: a segmentation fault), and PyYAML's
constructors act on tags. Here an alias stays an alias, so that a bomb of them weighs as much as its text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.pages.value_trees import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

DEEPEST, MOST_VALUES = 500, 500_000
NUMBER_TAGS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
WORD_TAGS = frozenset({"tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"})
OWN_TAG = "tag:yaml.org,2002:"


@dataclass(slots=True)
class YamlText:
    """What a YAML text holds: its documents; the tags it uses; how many aliases."""

    documents: list[Any] = field(default_factory=list)
    tags: dict[str, None] = field(default_factory=dict)
    aliases: int = 0

    @property
    def value(self) -> Any:
        """The one document, or all of them as a list."""
        return self.documents[0] if len(self.documents) == 1 else self.documents


@dataclass(slots=True)
class _Builder:
    result: YamlText
    resolve: Callable[[str], str]
    open: list[Any] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    values: int = 0

    def add(self, value: Any) -> None:
        """Put a finished or just begun value where it belongs."""
        self.values += 1
        if self.values > MOST_VALUES:
            raise LimitExceeded(f"The YAML holds more than {MOST_VALUES:,} values.", code="values")
        if not self.open:
            self.result.documents.append(value)
        elif isinstance(self.open[-1], list):
            self.open[-1].append(value)
        elif self.keys[-1] is None:
            self.keys[-1] = value.text if isinstance(value, Scalar) else "? (a nested key)"
            if not isinstance(value, Scalar):
                self.open[-1][self.keys[-1]] = value
        else:
            self.open[-1][self.keys[-1]] = value
            self.keys[-1] = None

    def begin(self, value: Any, tag: str | None) -> None:
        """Open a list or a mapping."""
        self.note_tag(tag)
        self.add(value)
        self.open.append(value)
        self.keys.append(None)
        if len(self.open) > DEEPEST:
            raise MalformedArtifact(f"The YAML is nested more than {DEEPEST} levels deep.", code="too_deep")

    def end(self) -> None:
        """Close the innermost list or mapping."""
        self.open.pop()
        self.keys.pop()

    def scalar(self, text: str, tag: str | None, *, plain: bool) -> None:
        """Put a scalar, with its type by YAML's rules for plain words."""
        self.note_tag(tag)
        resolved = self.resolve(text) if plain and tag is None else ""
        form = "number" if resolved in NUMBER_TAGS else "word" if resolved in WORD_TAGS else "string"
        self.add(Scalar(text if text or form == "string" else "null", form))

    def note_tag(self, tag: str | None) -> None:
        """Remember a tag that would have something built."""
        if tag is not None and (not tag.startswith(OWN_TAG) or tag.startswith(f"{OWN_TAG}python")):
            self.result.tags[tag.replace(OWN_TAG, "!!")[:100]] = None


def read_yaml(text: str) -> YamlText:
    """Return what a YAML text holds.

    Raises:
        MalformedArtifact: it is no YAML, or nested too deeply.
        LimitExceeded: it holds too many values.
    """
    import yaml

    resolver = yaml.SafeLoader("")

    def resolve(word: str) -> str:
        return str(resolver.resolve(yaml.ScalarNode, word, (True, False)))

    builder = _Builder(YamlText(), resolve)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            _take(builder, event, yaml)
    except yaml.YAMLError as error:
        raise MalformedArtifact(f"This is not valid YAML: {_explained(error)}.", code="not_yaml") from error
    return builder.result


def _take(builder: _Builder, event: Any, yaml: Any) -> None:
    if isinstance(event, yaml.ScalarEvent):
        builder.scalar(event.value, event.tag, plain=event.style in (None, ""))
    elif isinstance(event, yaml.MappingStartEvent):
        builder.begin({}, event.tag)
    elif isinstance(event, yaml.SequenceStartEvent):
        builder.begin([], event.tag)
    elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
        builder.end()
    elif isinstance(event, yaml.AliasEvent):
        builder.result.aliases += 1
        builder.add(Scalar(f"*{event.anchor}", "alias"))


def _explained(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())[:200]
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark is not None else str(problem)
