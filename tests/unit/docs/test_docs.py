"""The documentation is held against what it describes."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING

import pytest
from stack.paths import ROOT

from belvedere.gallery.app import create_app
from belvedere.rendering.registry import renderers
from belvedere.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
TARGET = re.compile(r"\bmake ([a-z][a-z-]+)\b")
PROGRAM = re.compile(r"python (examples/\w+\.py|docs/\w+\.py)")
NOT_TARGETS = {"sure"}
# Routers whose routes all stand in the table of docs/reference/api.md: add yours.
DOCUMENTED = {
    "artifacts",
    "credentials",
    "events",
    "exports",
    "members",
    "operations",
    "render_logs",
    "rows",
    "stats",
    "tenant_changes",
    "tenants",
    "uploads",
}


def page_program(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_settings_page_is_what_the_settings_say() -> None:
    made = page_program("settings_page")

    assert made.PAGE.read_text() == made.page(), "run .venv/bin/python docs/settings_page.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_and_program_named_exists(page: Path) -> None:
    code = " ".join(re.findall(r"`[^`\n]+`|^ {4,}.*$", page.read_text(), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(TARGET.findall(code)) - targets - NOT_TARGETS == set()
    assert [program for program in PROGRAM.findall(code) if not (ROOT / program).exists()] == []


def test_every_dag_is_on_the_reference_page() -> None:
    named = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "reference" / "dags.md").read_text(), re.MULTILINE))

    assert named == {file.stem for file in (ROOT / "dags").glob("*.py")}


def test_every_route_of_the_api_is_on_the_reference_page() -> None:
    text = (ROOT / "docs" / "reference" / "api.md").read_text()
    named = set(re.findall(r"^\| `(?:GET|POST|PUT|DELETE) (/[^`]*)`", text, re.MULTILINE))
    offered = {path for path in create_app(Settings()).openapi()["paths"] if path.startswith("/api/")}
    routers = (ROOT / "include" / "belvedere" / "gallery" / "routers").glob("*.py")
    api = [file.read_text() for file in routers if file.stem in DOCUMENTED]
    routed = {f"/api{path}" for text in api for path in re.findall(r'@router\.\w+\(\s*"([^"]+)"', text)}

    assert named - offered == set()
    assert routed - named == set()


def test_every_kind_that_is_rendered_is_on_the_reference_page() -> None:
    text = (ROOT / "docs" / "reference" / "kinds.md").read_text()
    first_cells = re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
    built_in = [made for made in renderers() if made.name.startswith("belvedere.")]

    assert {kind for cell in first_cells for kind in re.findall(r"`([a-z0-9_]+)`", cell)} == {
        kind for made in built_in for kind in made.kinds
    }


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    listed = set(LINK.findall((folder / "README.md").read_text()))

    assert listed == {file.name for file in folder.glob("0*.md")}


def test_every_drift_that_is_tested_is_on_the_reference_page_and_no_other() -> None:
    text = (ROOT / "docs" / "reference" / "drift.md").read_text()
    tests = (ROOT / "tests" / "integration" / "tenants" / "test_drift.py").read_text()
    named = re.findall(r"\| `(\w+)` \|$", text, re.MULTILINE)
    tested = re.findall(r'^    "(\w+)": \{', tests[tests.index("DRIFTS") :], re.MULTILINE)

    assert named == tested


def test_the_tenants_page_and_schema_are_what_declarations_take() -> None:
    made = page_program("tenant_page")

    assert made.PAGE.read_text() == made.page(), "run .venv/bin/python docs/tenant_page.py"
    assert made.SCHEMA.read_text() == made.schema_text(), "run .venv/bin/python docs/tenant_page.py"
