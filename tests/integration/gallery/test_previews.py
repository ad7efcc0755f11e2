"""What signed addresses serve, and how."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tests.harness.own_gallery import BUCKET

from belvedere.gallery.framing import HELPER_TAG
from belvedere.gallery.static_files import VERSION

if TYPE_CHECKING:
    from tests.harness.own_gallery import OwnGallery

FILES = {
    "page.html": b"<style>@media (prefers-color-scheme: dark){a{}}</style><p>page</p>",
    "thumbnail.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "data.json": b'{"rows":[1,2]}',
    "chart.vl.json": b'{"mark":"line","title":"</script><script>alert(1)</script>"}',
    "strange.xyz": b"?",
}


def test_a_renderers_page_runs_no_script_but_the_frames_helper(own: OwnGallery) -> None:
    artifact = own.hang("previews/roc.csv", FILES)

    answer = own.client.get(own.address(artifact, "page.html"), params={"theme": "dark"})

    assert answer.status_code == 200
    assert answer.content.endswith(HELPER_TAG)
    assert b"@media (min-width: 0px)" in answer.content
    assert "sandbox allow-scripts;" in answer.headers["content-security-policy"]
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"].split("script-src", 1)[1]
    assert answer.headers["cache-control"] == "private, max-age=300"


def test_a_users_page_runs_its_scripts_in_the_same_sandbox(own: OwnGallery) -> None:
    page = b"<script>document.title = 1</script>"
    artifact = own.hang("previews/report.html", {"page.html": page}, kind="html")

    answer = own.client.get(own.address(artifact, "page.html"), params={"theme": "dark"})

    assert answer.content == page + HELPER_TAG
    assert "script-src 'unsafe-inline'" in answer.headers["content-security-policy"]
    assert "allow-same-origin" not in answer.headers["content-security-policy"]
    assert answer.headers["connection-allowlist"] == "()"


def test_the_rendering_says_whether_its_page_holds_users_html(own: OwnGallery) -> None:
    page = b"<style>@media (prefers-color-scheme: dark){a{}}</style><iframe sandbox=allow-scripts srcdoc=x></iframe>"
    served = {}
    for active in (True, False):
        artifact = own.hang(f"previews/active-{active}", {"page.html": page}, kind="kfp_ui_metadata", active=active)
        answer = own.client.get(own.address(artifact, "page.html"), params={"theme": "dark"})
        served[active] = answer.headers["content-security-policy"]
        assert b"@media (min-width: 0px)" in answer.content, "the page around users' HTML follows the theme"

    assert "script-src 'unsafe-inline'" in served[True]
    assert "'unsafe-inline'" not in served[False].split("script-src", 1)[1]
    assert all("sandbox allow-scripts;" in policy and "connect-src 'none'" in policy for policy in served.values())


def test_pictures_and_data_are_served_without_any_script(own: OwnGallery) -> None:
    artifact = own.hang("previews/figure.csv", FILES)

    picture = own.client.get(own.address(artifact, "thumbnail.svg"))
    data = own.client.get(own.address(artifact, "data.json"))
    strange = own.client.get(own.address(artifact, "strange.xyz"))

    assert (picture.content, picture.headers["content-type"]) == (FILES["thumbnail.svg"], "image/svg+xml")
    assert "sandbox;" in picture.headers["content-security-policy"]
    assert data.headers["content-type"] == "application/json"
    assert strange.headers["content-type"] == "application/octet-stream"
    assert strange.headers["content-disposition"].startswith("attachment")


def test_a_chart_cannot_leave_its_place_in_the_shell(own: OwnGallery) -> None:
    artifact = own.hang("previews/chart.csv", FILES)
    page = own.client.get(f"/belvedere/artifacts/{artifact}").text
    (address,) = [part.split('"')[0] for part in page.split('data-href="') if "/interactive" in part.split('"')[0]]

    shell = own.client.get(address).text

    assert "<script>alert(1)" not in shell
    assert "\\u003c/script>" in shell
    assert f"/belvedere/static/{VERSION}/vendor/vega.min.js" in shell


def test_the_original_is_a_download_under_its_own_name(own: OwnGallery) -> None:
    artifact = own.hang('previews/größe "1".html', {}, source=b"<script>1</script>", kind="html")

    answer = own.client.get(own.address(artifact, "source"))

    assert answer.content == b"<script>1</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"gr__e__1_.html\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%221%22.html"
    )


def test_an_original_that_changed_is_not_given_out_as_the_old_one(own: OwnGallery) -> None:
    artifact = own.hang("previews/changing.csv", {})
    address = own.address(artifact, "source")
    own.s3.put_object(BUCKET, "previews/changing.csv", io.BytesIO(b"other"), 5)

    answer = own.client.get(address)

    assert (answer.status_code, answer.json()["code"]) == (409, "object_changed")


def test_the_source_is_shown_escaped(own: OwnGallery) -> None:
    sign_in = "Airflow sign in"
    told = {"kind": "html", "title": sign_in, "facts": {"html": {"title": sign_in, "scripts": 3}}}
    artifact = own.hang("previews/source.html", {}, source=b"<h1>Airflow sign in</h1>" * 5000, **told)
    page = own.client.get(f"/belvedere/artifacts/{artifact}").text
    (address,) = [part.split('"')[0] for part in page.split('data-href="') if "/source-text" in part.split('"')[0]]

    answer = own.client.get(address)

    assert "&lt;h1&gt;Airflow sign in&lt;/h1&gt;" in answer.text
    assert "The first 65,536 of 120,000 bytes" in answer.text
    assert "Airflow sign in" not in page, "text of an artifact has no place in the page around its frame"


def test_a_file_that_is_gone_is_said_plainly(own: OwnGallery) -> None:
    artifact = own.hang("previews/gone.csv", FILES)
    address = own.address(artifact, "thumbnail.svg")
    (row,) = own.catalog.execute("select outputs from artifacts where id = %s", (artifact,)).fetchall()
    for output in row["outputs"]:
        own.s3.remove_object("gallery-sources-renderings", output["object_key"])

    answer = own.client.get(address)

    assert (answer.status_code, answer.json()["code"]) == (404, "object_missing")


def test_another_rendering_has_other_addresses(own: OwnGallery) -> None:
    artifact = own.hang("previews/again.csv", FILES)
    before = own.address(artifact, "page.html")
    own.catalog.execute("update artifacts set rendered_at = now() where id = %s", (artifact,))

    assert own.address(artifact, "page.html") != before
