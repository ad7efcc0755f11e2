"""Metrics and documents in JSON: numbers in large type, the rest laid out as text."""

from __future__ import annotations

import json
import re
import time
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, MalformedArtifact
from belvedere.model.rendering import Limits, Rendering
from belvedere.rendering.pages.highlighting import highlighted

PUNCTUATION = " \n:-[]{}&*!#|>'\"<a1,?%@`\t"
SAMPLES = Path(__file__).parents[2] / "samples"


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


def test_kubeflow_metrics_are_shown_as_numbers_and_percentages(render) -> None:
    accuracy = '{"name": "acc", "numberValue": 0.71666, "format": "PERCENTAGE"}'
    text = f'{{"metrics": [{accuracy}, {{"name": "loss", "numberValue": "2.5"}}]}}'
    rendering = render(text, "run/mlpipeline-metrics.json")
    assert rendering.kind == "kfp_metrics"
    assert rendering.facts["metrics"] == {"acc": 0.71666, "loss": 2.5}
    assert "71.67 %" in page_of(rendering)


def test_a_bad_metric_is_said_and_the_others_are_shown(render) -> None:
    text = '{"metrics": [{"name": "acc", "numberValue": 0.5}, {"name": "x"}, 7, {"name": "n", "numberValue": NaN}]}'
    rendering = render(text, "run/mlpipeline-metrics.json")
    assert rendering.facts["metrics"] == {"acc": 0.5}
    assert len(rendering.warnings) == 3


def test_names_with_numbers_are_metrics(render) -> None:
    rendering = render('{"log_loss": 1.195, "rows": 899}', "run/metrics.json")
    assert rendering.kind == "metrics"
    assert rendering.facts["metrics"] == {"log_loss": 1.195, "rows": 899.0}


def test_other_json_is_laid_out_as_a_tree(render) -> None:
    rendering = render('{"a":{"b":[1,"<script>",{"c":null}]}}', "run/config.json")
    page = page_of(rendering)
    assert rendering.kind == "json"
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert 'title="$.a.b[2].c"' in page
    assert rendering.facts["document"] == {
        "format": "JSON", "bytes": 37, "values": 7, "depth": 5, "items": 1, "keys": ["a"]
    }  # fmt: skip


def test_evidentlys_json_tells_what_drifted(render) -> None:
    rendering = render((SAMPLES / "evidently" / "wine_drift.json").read_bytes(), "reports/wine_drift.json")
    page = page_of(rendering)
    assert rendering.kind == "json"
    assert rendering.facts["drift_share"] == 1.0
    assert rendering.facts["drifted_columns"] == ["alcohol", "malic_acid", "color_intensity", "proline"]
    assert "100.00 %" in page
    assert "DriftedColumnsCount" in page


def test_a_broken_drift_report_is_still_json(render) -> None:
    text = (
        '{"metrics": [{"config": {"type": "evidently:metric_v2:ValueDrift"}, "value": "x"}, 7, {"config": []}], "a": 1}'
    )
    assert render(text, "run/a.json").kind == "json"


def test_of_a_large_tree_the_beginning_is_shown_and_that_is_said(render) -> None:
    rows = [{"id": at, "inner": {"x": [at] * 3, "y": {"z": at}}} for at in range(3000)]
    rendering = render(json.dumps({"rows": rows, "name": "x"}), "run/big.json")
    assert rendering.sampled is not None
    assert rendering.sampled.shown < 6500
    assert rendering.sampled.total == rendering.facts["document"]["values"] > 20_000
    assert "The tree shows" in rendering.warnings[0]
    assert "2,700 more" in page_of(rendering)


def test_nesting_beyond_the_limit_is_not_drawn(render) -> None:
    text = '{"a": 1, "b": ' + "[" * 200 + '"deep"' + "]" * 200 + "}"
    page = page_of(render(text, "run/deep.json"))
    assert "deep" not in page.partition("<body>")[2].replace("deep.json", "")
    assert "[1]" in page


@pytest.mark.parametrize("text", ['{"a": 1', "[1, 2,]", '{"a": tru', "{" * 50_000, '{"a": ' + "9" * 5000 + "}"])
def test_json_that_is_none_says_where(render, text: str) -> None:
    with pytest.raises(MalformedArtifact, match=r"not valid JSON|nested too deeply"):
        render(text, "run/config.json")


class TestYaml:
    def test_it_is_a_tree_with_its_source(self, render) -> None:
        rendering = render("# lr matters\nlr: 0.1\nlayers: [64, 32]\non: yes\nname: '5'\n", "run/config.yaml")
        page = page_of(rendering)
        assert rendering.kind == "yaml"
        assert rendering.facts["document"]["keys"] == ["lr", "layers", "on", "name"]
        assert '<span class="vn">0.1</span>' in page
        assert '<span class="vb">yes</span>' in page
        assert '<span class="vs">5</span>' in page
        assert "# lr matters" in page

    def test_tags_build_nothing(self, render, tmp_path) -> None:
        # MLflow #21422: yaml.load of an MLmodel file ran what its tags asked for
        target = tmp_path / "made"
        text = f"a: !!python/object/apply:os.mkdir ['{target}']\nb: !Ref x\n"
        rendering = render(text, "run/evil.yaml")
        assert not target.exists()
        assert "!!python/object/apply:os.mkdir" in rendering.warnings[0]

    def test_a_bomb_of_aliases_weighs_what_its_text_weighs(self, render) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]" for at in range(1, 30)]
        rendering = render("\n".join(lines), "run/bomb.yaml")
        assert rendering.facts["document"]["values"] < 400
        assert "*a28" in page_of(rendering)

    def test_an_alias_of_itself_ends(self, render) -> None:
        assert "*me" in page_of(render("me: &me [1, *me]\n", "run/a.yaml"))

    @pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000 + "x", "a: [1, 2", "a: b: c", "\t- x", "{a: *b}"[:5]])
    def test_what_is_none_or_too_deep_says_so(self, render, text: str) -> None:
        with pytest.raises(MalformedArtifact, match=r"not valid YAML|nested more than"):
            render(text, "run/a.yaml")

    def test_documents_stand_one_after_another(self, render) -> None:
        rendering = render("---\na: 1\n---\nb: 2\n", "run/many.yml")
        assert rendering.facts["document"]["items"] == 2


class TestXml:
    def test_it_is_a_tree(self, render) -> None:
        text = "<?xml version='1.0'?><model name='m'><field type='x'>words</field><note>only words</note></model>"
        rendering = render(text, "run/model.pmml")
        page = page_of(rendering)
        assert rendering.kind == "xml"
        assert rendering.facts["document"]["root"] == "model"
        assert '<span class="name" title="$.@name">@name</span> <span class="vs">m</span>' in page
        assert "only words" in page
        assert page.count("&lt;model&gt;") == 1, "the root has its name beside its children"
        assert "&lt;field" not in page, "a named element is not named twice"

    @pytest.mark.parametrize(
        "entity", ['<!ENTITY x SYSTEM "file:///etc/hostname">', '<!ENTITY x "boom"><!ENTITY y "&x;&x;&x;">']
    )
    def test_entities_are_never_resolved(self, render, entity: str) -> None:
        rendering = render(f"<?xml version='1.0'?><!DOCTYPE m [{entity}]><m>&x;</m>", "run/a.xml")
        assert "declares entities" in rendering.warnings[0]
        assert "&amp;x;" in page_of(rendering)

    def test_what_is_not_well_formed_is_shown_as_text_with_the_reason(self, render) -> None:
        rendering = render("<?xml version='1.0'?>\n<a><b></a>", "run/a.xml")
        assert "line 2" in rendering.warnings[0]
        assert "&lt;" in page_of(rendering)


class TestCode:
    def test_it_is_coloured_and_numbered(self, render) -> None:
        rendering = render("def f(x):\n    return '<b>'  # why\n", "run/train.py")
        page = page_of(rendering)
        assert rendering.kind == "code"
        assert rendering.facts["text"]["language"] == "Python"
        assert rendering.facts["text"]["definitions"] == ["f"]
        assert '<span class="k">def</span>' in page
        assert "&lt;b&gt;" in page
        assert "<b>" not in page

    @pytest.mark.parametrize(
        ("name", "text", "language"),
        [
            ("a.sql", "select 1;", "SQL"),
            ("a.toml", "[a]\nb = 1\n", "TOML"),
            ("a.ini", "[a]\nb = 1\n", "INI"),
            ("run", "#!/usr/bin/env bash\necho hi\n", "Bash"),
            ("Dockerfile", "FROM scratch\n", "Docker"),
        ],
    )
    def test_the_language_is_found_by_name_or_first_line(self, render, name: str, text: str, language: str) -> None:
        assert render(text, f"run/{name}").facts["text"]["language"] == language

    def test_a_long_file_is_cut_and_says_so(self, render) -> None:
        rendering = render("x = 1\n" * 5000, "run/a.py", Limits(text_bytes_shown=6000))
        assert "cut" in rendering.warnings[0]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(alphabet=" \n:-[]{}&*!#|>'\"<a1,?%@`\t", max_size=60), name=st.sampled_from(["yaml", "xml", "json"])
)
def test_any_text_ends_as_a_rendering_or_an_error_of_ours(render, text: str, name: str) -> None:
    try:
        assert render(text, f"run/a.{name}").outputs
    except BelvedereError as error:
        assert error.message


def test_a_long_word_is_cut(render) -> None:
    assert len(page_of(render('["' + "x" * 50_000 + '"]', "run/a.json"))) < 25_000


def test_a_document_too_large_for_a_tree_is_cut_and_says_so(render) -> None:
    text = "<?xml version='1.0'?><a>" + "<b>words</b>" * 800_000 + "</a>"
    rendering = render(text, "run/a.xml", Limits(text_bytes_shown=10_000))
    assert "cut" in rendering.warnings[0]
    assert len(page_of(rendering)) < 100_000


@pytest.mark.parametrize(("unit", "name"), [("<!--", "xml"), ("'''", "py"), ("/*", "c"), ("${", "sh"), ("[[", "toml")])
def test_hostile_text_costs_little_time_to_colour(render, unit: str, name: str) -> None:
    text = unit * (180_000 // len(unit))
    began = time.process_time()
    lines, _ = highlighted(text, name=f"a.{name}")
    assert time.process_time() - began < 4
    assert unescape(re.sub(r"</?span[^>]*>", "", "\n".join(lines))) == text


def test_the_whole_text_comes_through_coloured_or_not() -> None:
    text = "def f():\n\n    return '''a\nb'''\n"
    lines, language = highlighted(text, name="a.py")
    assert language == "Python"
    assert unescape(re.sub(r"</?span[^>]*>", "", "\n".join(lines))) == text
