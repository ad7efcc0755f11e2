"""Users' own renderers as text: their headers, their inputs, and the page of what they made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.rendering.conftest import page_of

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Limits, Listing, Reference, Related
from belvedere.model.user_code import ProducedFile, ProgramRun
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.renderers.viz_script import programs, references
from belvedere.rendering.users.results import TENANTS_OWN
from belvedere.rendering.users.scripts import ScriptHeader, read_header

if TYPE_CHECKING:
    from pathlib import Path

HEADER = """# /// belvedere
# inputs = ["*.csv", "images/*"]
# title = "Errors by class"
# ///
print("hello")
"""


@pytest.fixture
def ran(make_source, tmp_path: Path):
    """Return a script that has run, with the files it made."""

    def make(files: dict[str, bytes], code: str = "pass\n", name: str = "runs/a/scores.csv.viz.py", **said):
        produced = []
        for number, (file, content) in enumerate(files.items()):
            path = tmp_path / f"made-{number}"
            path.write_bytes(content)
            produced.append(ProducedFile(file, path, len(content)))
        return replace(make_source(code, name), ran={"script": ProgramRun(tuple(produced), **said)})

    return make


def test_a_script_is_told_by_its_name_and_only_if_it_is_text(make_source) -> None:
    assert detect(make_source("print(1)\n", "runs/a/scores.csv.viz.py")) == "viz_script"
    assert detect(make_source("print(1)\n", "runs/a/scores.py")) != "viz_script"
    assert detect(make_source(b"\x89PNG\r\n\x1a\n", "runs/a/scores.viz.py")) == "image"
    assert detect(make_source("", "runs/a/scores.viz.py")) == "empty"


def test_the_header_is_a_block_of_comments() -> None:
    assert read_header(HEADER) == ScriptHeader(("*.csv", "images/*"), (), "Errors by class")
    assert read_header("print(1)\n") == ScriptHeader()
    assert read_header("#!/usr/bin/env python\n# words\n\n" + HEADER).title == "Errors by class"
    assert read_header("# /// script\n# dependencies = []\n# ///\n" + HEADER).title == "Errors by class"
    assert read_header("# /// belvedere\n# colour = 1\n#\n# ///\n").unknown == ("colour",)
    assert read_header('# /// belvedere\r\n# title = "x"\r\n# ///\r\n').title == "x"


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("# inputs = [", "no TOML"),
        ("# inputs = 3", "list of patterns"),
        ('# inputs = [""]', "list of patterns"),
        ("# title = 3", "title must be a text"),
        (f'# patterns = ["{"x" * 2000}"]', "more than 1024 characters"),
    ],
)
def test_a_wrong_header_is_named(block: str, said: str) -> None:
    with pytest.raises(MalformedArtifact, match=said):
        read_header(f"# /// belvedere\n{block}\n# ///\n")


def test_a_header_that_does_not_end_is_named() -> None:
    with pytest.raises(MalformedArtifact, match="does not end"):
        read_header("# /// belvedere\n# inputs = []\nprint(1)\n")


@given(st.text(max_size=300))
def test_any_header_is_read_or_refused_in_our_words(text: str) -> None:
    try:
        assert isinstance(read_header(f"# /// belvedere\n# {text}\n# ///\n"), ScriptHeader)
    except BelvedereError as error:
        assert error.message


def test_without_a_word_it_reads_the_object_it_is_named_after(make_source) -> None:
    (one,) = references(make_source("pass", "runs/a b/scores #1.csv.viz.py"))
    assert one == Reference("minio://bucket/runs/a%20b/scores%20%231.csv", 1024**3)

    (folder,) = references(make_source("pass", "runs/a/sco[r]es.viz.py"))
    assert isinstance(folder, Listing)
    assert folder.uri == "minio://bucket/runs/a/"
    assert folder.names == ("sco[[]r]es", "sco[[]r]es.*", "sco[[]r]es/*")


def test_its_header_says_what_else_it_reads(make_source) -> None:
    (folder,) = references(make_source(HEADER, "errors.viz.py"))
    assert isinstance(folder, Listing)
    assert (folder.uri, folder.names) == ("minio://bucket/", ("*.csv", "images/*"))
    assert references(make_source("# /// belvedere\n# inputs = []\n# ///\n", "x.viz.py")) == ()


def test_its_inputs_are_named_as_they_lie_beside_it(make_source, tmp_path: Path) -> None:
    path = tmp_path / "x"
    found = {
        "minio://bucket/runs/a b/x%20y.csv": Related("", path, 1, ""),
        "minio://bucket/runs/a b/images/1 2.png": Related("", path, 1, ""),
        "minio://bucket/runs/a b/gone.csv": Related("", None, 0, "", "missing"),
    }
    source = replace(make_source("code()\n", "runs/a b/s.viz.py"), related=found)
    (program,) = programs(source)

    assert program.code == "code()\n"
    assert list(program.inputs) == ["x%20y.csv", "images/1 2.png"]
    reference = replace(
        make_source("pass", "runs/a b/t u.csv.viz.py"),
        related={"minio://bucket/runs/a%20b/t%20u.csv": Related("", path, 1, "")},
    )
    assert list(programs(reference)[0].inputs) == ["t u.csv"]


def test_a_script_that_is_too_long_or_no_text_is_refused(make_source) -> None:
    with pytest.raises(LimitExceeded, match="more than the 1,048,576 bytes"):
        programs(make_source(b"#" * (1024**2 + 1), "x.viz.py"))
    with pytest.raises(MalformedArtifact, match="no UTF-8 text"):
        programs(make_source(b"x = '\xff'", "x.viz.py"))


def test_each_file_it_made_is_shown_by_its_own_kind(ran) -> None:
    files = {"counts.csv": b"name,n\nx,2\ny,4\n", "note.md": b"# A note\n\nwith **words**\n"}
    rendering = render_here(ran(files, HEADER), Limits())

    assert rendering.kind == "viz_script"
    assert rendering.title == "Errors by class"
    told = rendering.facts["user_renderer"]
    assert told["ok"] is True
    assert [(each["name"], each["kind"]) for each in told["outputs"]] == [
        ("counts.csv", "table"),
        ("note.md", "markdown"),
    ]
    assert told["outputs"][0]["facts"]["table"]["rows"] == 2
    assert "<strong>words</strong>" in page_of(rendering)
    assert "print(&quot;hello&quot;)" in page_of(rendering)
    assert rendering.warnings == ()


def test_the_facts_of_an_only_file_are_its_own(ran) -> None:
    rendering = render_here(ran({"roc.csv": b"fpr,tpr,threshold\n0,0,inf\n0.5,0.9,0.5\n1,1,0\n"}), Limits())

    assert rendering.facts["roc"]["auc"] == pytest.approx(0.7)
    assert {"figure", "data", "thumbnail", "page"} <= {output.role for output in rendering.outputs}


def test_html_it_made_stands_in_a_frame_and_makes_the_page_active(ran) -> None:
    rendering = render_here(ran({"report.html": b"<!doctype html><title>R</title><script>alert(1)</script>"}), Limits())
    (page,) = [output for output in rendering.outputs if output.role == "page"]

    assert page.active
    assert '<iframe sandbox="allow-scripts"' in page.content.decode()
    assert "<script" not in page.content.decode()


def test_a_failed_program_still_gives_a_page_with_the_reason_and_what_it_said(ran) -> None:
    run = {"problem": "The program failed: ZeroDivisionError: division by zero", "complained": "Traceback <here>"}
    rendering = render_here(ran({}, **run), Limits())

    assert rendering.warnings[0] == run["problem"]
    assert rendering.facts["user_renderer"]["ok"] is False
    assert "Traceback &lt;here&gt;" in page_of(rendering)
    assert "ZeroDivisionError" in rendering.alt_text


def test_a_file_that_cannot_be_shown_spoils_nothing(ran) -> None:
    rendering = render_here(ran({"bad.json": b'{"cells": [', "empty.csv": b"", "good.csv": b"a,b\n1,2\n"}), Limits())
    problems = [each["problem"] for each in rendering.facts["user_renderer"]["outputs"]]

    assert problems[1]
    assert problems[2] is None
    assert "empty.csv" in page_of(rendering)


def test_one_that_was_not_run_says_so(make_source) -> None:
    rendering = render_here(make_source("x = 1\n", "a.viz.py"), Limits())

    assert rendering.warnings[0] == "The program was not run."
    assert rendering.facts["user_renderer"]["ran"] is False


def test_scripts_among_the_files_it_made_are_not_taken_for_it(ran) -> None:
    rendering = render_here(ran({"again.viz.py": b"pass\n", "a.csv": b"a,b\n1,2\n"}), Limits())

    assert rendering.facts["user_renderer"]["outputs"][0]["facts"]["user_renderer"]["ran"] is False


def test_a_registered_renderer_says_what_it_is_for_and_runs_nothing(make_source) -> None:
    code = '# /// belvedere\n# patterns = ["runs/*/scores.csv"]\n# ///\n'
    source = make_source(code, ".belvedere/renderers/scores.viz.py")
    rendering = render_here(source, Limits())

    assert references(source) == ()
    assert programs(source) == ()
    assert rendering.facts["user_renderer"]["patterns"] == ["runs/*/scores.csv"]
    assert "runs/*/scores.csv" in page_of(rendering)
    assert rendering.warnings == ()
    without = render_here(make_source("pass\n", ".belvedere/renderers/x.viz.py"), Limits())
    assert "names no patterns" in without.warnings[0]


class TestDrawnByTenant:
    def test_the_artifact_is_drawn_by_the_tenants_renderer(self, ran, make_source) -> None:
        run = ran({"made.md": b"# Made by the tenant\n"}).ran["script"]
        source = replace(make_source("a,b\n1,2\n", "runs/a/scores.csv"), ran={TENANTS_OWN: run})
        rendering = render_here(source, Limits(), "table")

        assert (rendering.kind, rendering.renderer_name) == ("table", TENANTS_OWN)
        assert "Made by the tenant" in page_of(rendering)

    def test_where_that_failed_ours_is_shown_with_a_warning(self, make_source) -> None:
        run = ProgramRun(problem="The program failed: KeyError: 'x'")
        source = replace(make_source("a,b\n1,2\n", "runs/a/scores.csv"), ran={TENANTS_OWN: run})
        rendering = render_here(source, Limits(), "table")

        assert rendering.renderer_name == "belvedere.table"
        assert rendering.facts["table"]["rows"] == 1
        assert "KeyError: 'x'" in rendering.warnings[0]
