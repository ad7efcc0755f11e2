"""One hostile artifact: where it comes from, and what it must not bring about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Content = bytes | str | Callable[[], bytes | str]

MARK = "belvedere-escape"
MARKUP = f'"><script>alert("{MARK}")</script><img src=x onerror=alert(1)>'


@dataclass(frozen=True, slots=True)
class Case:
    """One artifact of the corpus.

    ``make`` returns its bytes; ``harm`` is what the advisory says happened elsewhere and must not happen here.
    ``kind`` forces a kind word where detection would (rightly) say another.
    """

    name: str
    advisory: str
    harm: str
    key: str
    make: Callable[[], bytes | str]
    content_type: str = "application/octet-stream"
    kind: str | None = None

    def content(self) -> bytes:
        """Return the artifact's bytes."""
        made = self.make()
        return made.encode("utf-8", "surrogatepass") if isinstance(made, str) else made


@dataclass(frozen=True, slots=True)
class Collection:
    """Cases of one subject, gathered by decorating the functions that make their bytes."""

    cases: list[Case]

    def add(self, key: str, advisory: str, harm: str, **more: Any) -> Callable[[Callable[[], bytes | str]], Any]:
        """Add the decorated function's bytes as a case under ``key``."""

        def collect(make: Callable[[], bytes | str]) -> Callable[[], bytes | str]:
            self.cases.append(Case(make.__name__, advisory, harm, key, make, **more))
            return make

        return collect

    def several(self, name: str, variants: Mapping[str, Content], key: str, advisory: str, harm: str) -> None:
        """Add variants of one attack, each with its own short name; large ones are functions, made when needed."""
        for word, content in variants.items():
            make = content if callable(content) else partial(_as_it_is, content)
            self.cases.append(Case(f"{name}_{word}".rstrip("_"), advisory, harm, key, make))


def _as_it_is(content: bytes | str) -> bytes | str:
    return content
