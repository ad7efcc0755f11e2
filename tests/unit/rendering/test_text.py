"""Text: readable in any encoding, the end of a long one, the state of a running one."""

from __future__ import annotations

import pytest

from belvedere.errors import MalformedArtifact
from belvedere.model.rendering import Limits, Rendering
from belvedere.rendering.renderers.text import percent_in
from belvedere.rendering.texts.terminal import coloured, visible


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_unicode_text_is_read_in_any_of_its_encodings(render, encoding: str) -> None:
    rendering = render("First line of a log\nzweite Zeile\n".encode(encoding), "run/a.log")
    assert rendering.kind == "text"
    assert "zweite Zeile" in page_of(rendering)


def test_other_encodings_are_guessed_and_the_guess_is_said(render) -> None:
    rendering = render("Résumé du modèle entraîné à Orléans\n".encode("latin-1") * 5, "run/a.log")
    assert "Résumé du modèle" in page_of(rendering)
    assert "guess" in rendering.warnings[0]


def test_text_is_text_never_markup(render) -> None:
    rendering = render("see <script>alert(1)</script> here\nand 'there' \"too\"\n", "run/a.txt")
    assert "<script" not in page_of(rendering)
    assert "&lt;script&gt;" in page_of(rendering)


def test_control_characters_and_colours_are_harmless(render) -> None:
    page = page_of(render("ok \x1b[31mred\x1b[0m \x1b]0;title\x07 done\x08\u202eback\n" * 3, "run/a.txt"))
    assert 'ok <span class="t1">red</span>  done' in page
    assert "\x1b" not in page
    assert "\x08" not in page
    assert "\u202e" not in page


def test_colours_are_shown_in_the_readers_scheme(render) -> None:
    text = "\x1b[1;31mbold red\x1b[0m \x1b[38;5;208morange\x1b[m \x1b[38;2;1;2;3mtrue\x1b[39m "
    text += "\x1b[92mbright\n over\x1b[0m\n"
    page = page_of(render(text, "run/a.log"))
    assert '<span class="tb t1">bold red</span>' in page
    assert '<span style="color:#ff8700">orange</span>' in page
    assert '<span style="color:#010203">true</span>' in page
    assert '<span class="t10">bright</span>\n<span class="t10"> over</span>' in page
    assert "prefers-color-scheme:dark){.t0" in page


def test_text_without_colours_brings_no_styles_for_them(render) -> None:
    assert ".t10{" not in page_of(render("plain words\n", "run/a.log"))


@pytest.mark.parametrize(
    "codes", ["38;5", "38;2;1", "38", "999999999", "1;;;;31", ":::", "38;5;999", "48;2;999;0;0", "38:2::255:0:0"]
)
def test_broken_colour_codes_do_no_harm(codes: str) -> None:
    assert "".join(coloured([f"a\x1b[{codes}mb\x1b[0m"])).startswith("a")


def test_lines_are_numbered_and_levels_stand_out(render) -> None:
    text = "12:00 INFO begins\n12:01 WARNING low memory\n12:02 ERROR <lost>\n"
    text += "Traceback (most recent call last):\nValueError: x\n"
    rendering = render(text, "run/a.log")
    page = page_of(rendering)
    assert rendering.facts["text"] == {"lines": 5, "bytes": 111, "encoding": "utf-8", "errors": 3, "warnings": 1}
    assert '<span class="level warning" id="L2">' in page
    assert '<a href="#L3">3</a> <code>12:02 ERROR &lt;lost&gt;</code>' in page
    assert ">1\n2\n3\n4\n5</pre>" in page


def test_the_end_of_a_huge_text_comes_first_with_its_own_line_numbers(render) -> None:
    text = "".join(f"line {at}\n" for at in range(100_000))
    page = page_of(render(text, "run/big.log", Limits(text_bytes_shown=20_000)))
    assert page.index("line 99999") < page.index(">line 0\n")
    assert "\n100000</pre>" in page
    assert "Ctrl+F" in page


def test_lines_rewritten_in_place_keep_their_last_state() -> None:
    assert visible("10%\r50%\r100%\ndone\r\n") == "100%\ndone\n"


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ("epoch 3/10 loss 0.2", 30.0),
        ("62%|######    | 62/100", 62.0),
        ("loss 0.5", None),
        ("7 / 5", None),
        ("done 100%", 100.0),
        ("accuracy 250%", None),
    ],
)
def test_a_line_tells_how_far_the_work_is(line: str, share: float | None) -> None:
    assert percent_in(line) == share


def test_a_running_log_is_progress_with_its_last_line(render) -> None:
    text = "".join(f"epoch {at}/50 loss {1 / at:.3f}\n" for at in range(1, 32))
    rendering = render(text, "run/train.log")
    assert rendering.kind == "progress"
    assert rendering.facts["percent"] == 62.0
    assert rendering.facts["last_line"] == "epoch 31/50 loss 0.032"


def test_of_a_huge_text_both_ends_are_shown_and_the_cut_is_said(render) -> None:
    text = "".join(f"line {at}\n" for at in range(200_000))
    rendering = render(text, "run/big.log", Limits(text_bytes_shown=20_000))
    page = page_of(rendering)
    assert ">line 0\n" in page
    assert "line 199999" in page
    assert "line 100000\n" not in page
    assert rendering.facts["text"]["lines"] >= 200_000
    assert rendering.sampled is not None
    assert "first" in rendering.warnings[0]
    assert len(page) < 60_000


def test_one_endless_line_is_cut(render) -> None:
    assert len(page_of(render("x" * 300_000, "run/a.txt"))) < 20_000


def test_bytes_with_zeros_are_no_text(render) -> None:
    with pytest.raises(MalformedArtifact, match="not text"):
        render(b"abc\x00def\x01" * 20, "run/a.txt")
