"""Write the figures of the last bench into the documentation: ``python -m tests.perf.page [latest.json]``."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from stack.paths import ROOT

from tests.perf.figures import COLUMNS, Figure

PAGE = ROOT / "docs" / "explanation" / "performance.md"
RESULT = ROOT / ".belvedere" / "bench" / "latest.json"
PLACE = re.compile(r"(<!-- figures -->\n).*(<!-- end of figures -->)", re.DOTALL)


def section(document: dict[str, Any]) -> str:
    """Return what was measured as Markdown: where and when, a row a figure, and in words which goals were missed."""
    fields = Figure.__dataclass_fields__
    figures = [Figure(**{name: entry[name] for name in fields}) for entry in document["figures"]]
    head = (
        f"{document['measured_at'][:10]}, {document['machine']['cores']} cores shared by all servers, the writers and "
        f"the bench itself, commit `{document['commit'][:10]}`, {document['seconds']:.0f} s in all.\n\n"
    )
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    lines += [f"| {' | '.join(figure.cells())} |" for figure in figures]
    return head + "\n".join(lines) + "\n\n" + _missed(figures)


def _missed(figures: list[Figure]) -> str:
    missed = [figure for figure in figures if figure.met is False]
    if not missed:
        return "Every goal was met.\n"
    lines = [
        f"- {figure.name}: {figure.cells()[1]} {figure.unit}, the goal is {figure.cells()[3]}." for figure in missed
    ]
    return "Goals not met:\n\n" + "\n".join(lines) + "\n"


def main(result: Path) -> None:
    """Replace the section of the page."""
    text = section(json.loads(result.read_text()))
    PAGE.write_text(PLACE.sub(lambda found: found[1] + text + found[2], PAGE.read_text()))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RESULT)
