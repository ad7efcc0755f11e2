"""What axe-core finds wrong with a page: the rules of WCAG 2.2 AA, and its own of good practice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stack.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCRIPT = (ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js").read_text()
OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    },
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
    # Renderings hang in frames of another origin; tests/integration/rendering looks at them.
    "iframes": False,
}


def violations(page: Page) -> list[str]:
    """Return a line for each rule that the page breaks, with the first elements that do."""
    page.evaluate(SCRIPT)
    found = page.evaluate("options => axe.run(document, options)", OPTIONS)
    return [_line(violation) for violation in found["violations"]]


def _line(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    why = [check["message"] for check in nodes[0]["any"] + nodes[0]["all"] + nodes[0]["none"]][:2]
    where = [node["html"][:160] for node in nodes[:3]]
    return f"{violation['id']} ({violation['impact']}, {len(nodes)}): {violation['help']}: {where} {why}"
