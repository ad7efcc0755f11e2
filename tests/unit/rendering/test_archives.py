"""Archives: shown as what they hold, and unable to do anything but be read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import stat
import tarfile
import zipfile
from pathlib import Path

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Limits, Rendering, Source
from belvedere.rendering.archives.listing import name_problem
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.renderers.archive import references

SAMPLES = Path(__file__).parents[2] / "samples" / "argo_tgz"
METRICS = b'{"metrics": [{"name": "accuracy-score", "numberValue": 0.716666, "format": "PERCENTAGE"}]}'
ROWS = b"city,people\nRome,2748109\nOslo,709037\n"


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


def tar_of(*entries: tuple[str, bytes] | tarfile.TarInfo, mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
                continue
            info = tarfile.TarInfo(entry[0])
            info.size, info.mtime = len(entry[1]), 1_795_000_000
            archive.addfile(info, io.BytesIO(entry[1]))
    return buffer.getvalue()


def zip_of(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def special(name: str, form: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = form, target
    return info


class TestArgosSingleFiles:
    def test_its_metrics_are_shown_as_metrics(self, render) -> None:
        rendering = render((SAMPLES / "mlpipeline-metrics.tgz").read_bytes(), "artifacts/x/mlpipeline-metrics.tgz")
        assert rendering.kind == "kfp_metrics"
        assert rendering.facts["archive_members"] == ["mlpipeline-metrics.json"]
        assert rendering.facts["metrics"]["accuracy-score"] == pytest.approx(0.716667, abs=1e-5)
        assert "Unpacked from mlpipeline-metrics.tgz" in page_of(rendering)
        assert '<td class="n">71.67</td>' in page_of(rendering)

    def test_a_packed_folder_is_a_listing_with_its_files_rendered(self, render) -> None:
        rendering = render((SAMPLES / "dataset.tgz").read_bytes(), "artifacts/x/dataset.tgz")
        assert rendering.kind == "archive"
        assert rendering.facts["archive_members"] == ["dataset/wine.csv", "dataset/README.md"]
        assert rendering.facts["table"]["rows"] == 178
        assert rendering.facts["table"]["columns"] == 14
        page = page_of(rendering)
        assert 'href="#member-1"' in page
        assert 'id="member-1"' in page
        assert "malic_acid" in page
        assert "2026-11-20" in page
        assert rendering.warnings == ()

    def test_what_the_packed_metadata_point_to_is_fetched_and_drawn(self, make_source) -> None:
        source = "minio://bucket/matrix.csv"
        metadata = {
            "outputs": [
                {"type": "confusion_matrix", "format": "csv", "source": source, "labels": ["a", "b"]}
                | {"schema": [{"name": name, "type": "CATEGORY"} for name in ("target", "predicted", "count")]}
            ]
        }
        data = tar_of(("mlpipeline-ui-metadata.json", json.dumps(metadata).encode()))
        found = references(make_source(data, "run/mlpipeline-ui-metadata.tgz"))
        assert [item.uri for item in found] == [source]

    def test_an_archive_without_references_asks_for_nothing(self, make_source) -> None:
        assert references(make_source(tar_of(("a.csv", ROWS)), "run/a.tgz")) == ()
        assert references(make_source(b"\x1f\x8b broken", "run/a.tgz")) == ()

    def test_the_reason_why_the_only_file_is_bad_is_said(self, render) -> None:
        with pytest.raises(MalformedArtifact, match=r"In the archive, 'a.json': This is not valid JSON"):
            render(tar_of(("a.json", b'{"a": tru')), "run/a.tgz")

    def test_an_only_file_that_nobody_renders_is_still_listed(self, render) -> None:
        rendering = render(tar_of(("tool", b"\x7fELF" + bytes(100))), "run/tool.tgz")
        assert rendering.kind == "archive"
        assert rendering.facts["archive_members"] == ["tool"]


class TestFormats:
    @pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
    def test_tar_of_every_compression(self, render, mode: str) -> None:
        rendering = render(tar_of(("d/rows.csv", ROWS), ("d/b.txt", b"words"), mode=mode), "run/data")
        assert rendering.kind == "archive"
        assert rendering.facts["archive_members"] == ["d/rows.csv", "d/b.txt"]
        assert rendering.facts["table"]["rows"] == 2

    def test_a_tar_of_the_seventies_without_any_mark(self, render) -> None:
        data = bytearray(tar_of(("rows.csv", ROWS), ("b.txt", b"x"), mode="w"))
        for start in (0, 1024):
            data[start + 257 : start + 265] = bytes(8)
            data[start + 148 : start + 156] = b" " * 8
            data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + 512])
        assert render(bytes(data), "run/old").facts["archive_members"] == ["rows.csv", "b.txt"]

    def test_zip(self, render) -> None:
        rendering = render(zip_of(("out/rows.csv", ROWS), ("out/note.md", b"# Hello\n\nWorld")), "run/out.zip")
        assert rendering.facts["archive_members"] == ["out/rows.csv", "out/note.md"]
        assert rendering.facts["archive"]["format"] == "zip archive"
        assert "World" in page_of(rendering)

    @pytest.mark.parametrize(
        ("pack", "ending"),
        [
            (gzip.compress, "gz"),
            (bz2.compress, "bz2"),
            (lzma.compress, "xz"),
            (lambda data: pyarrow.Codec("zstd").compress(data, asbytes=True), "zst"),
        ],
    )
    def test_one_compressed_file_is_shown_as_that_file(self, render, pack, ending: str) -> None:
        rendering = render(pack(ROWS), f"run/rows.csv.{ending}")
        assert rendering.kind == "table"
        assert rendering.title == "rows.csv"
        assert rendering.facts["table"]["rows"] == 2
        assert rendering.facts["archive_members"] == ["rows.csv"]
        assert rendering.warnings == ()

    def test_an_archive_inside_an_archive_is_opened_too(self, render) -> None:
        rendering = render(tar_of(("inner.zip", zip_of(("rows.csv", ROWS)))), "run/outer.tgz")
        assert rendering.kind == "table"
        assert rendering.facts["archive_members"] == ["rows.csv"]

    def test_users_pages_stand_in_frames(self, render) -> None:
        report = b"<!doctype html><html><head><title>Report</title></head><body><script>draw()</script></body></html>"
        rendering = render(zip_of(("report.html", report), ("a.txt", b"x")), "run/a.zip")
        page = page_of(rendering)
        assert '<iframe sandbox="allow-scripts"' in page
        assert "<script" not in page
        assert next(output for output in rendering.outputs if output.role == "page").active

    @pytest.mark.parametrize(
        ("names", "kind"),
        [
            (("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
            (("a.npy", "b.npy"), "npz"),
            (("archive/data.pkl", "archive/data/0"), "pytorch"),
            (("config.json", "metadata.json", "model.weights.h5"), "keras"),
            (("schema.json", "140.npy"), "skops"),
            (("word/document.xml", "[Content_Types].xml"), "docx"),
            (("pkg/a.py", "pkg-1.dist-info/WHEEL"), "wheel"),
            (("a.txt",), "zip"),
        ],
    )
    def test_formats_built_on_zip_have_their_own_kinds(self, make_source, names, kind: str) -> None:
        from belvedere.rendering.detection import detect

        assert detect(make_source(zip_of(*((name, b"x") for name in names)), "run/a.bin")) == kind

    def test_many_files_are_listed_and_the_first_are_drawn(self, render) -> None:
        rendering = render(tar_of(*((f"d/{at}.txt", b"words") for at in range(40))), "run/a.tgz")
        assert rendering.facts["archive"]["files"] == 40
        assert rendering.sampled is not None
        assert (rendering.sampled.shown, rendering.sampled.total) == (8, 40)
        assert page_of(rendering).count("<details class=") == 8


HOSTILE_NAMES = ["../../etc/cron.d/evil", "/etc/passwd", "a/../../b", "..\\..\\evil.bat", "C:\\evil", "\\\\host\\share"]


class TestHostileArchives:
    @pytest.mark.parametrize("name", HOSTILE_NAMES)
    def test_names_that_lead_outside_are_said_to_and_not_followed(self, render, name: str) -> None:
        # CVE-2025-62156 (Argo): entries of a tar written outside of its folder
        assert name_problem(name)
        for data in (
            tar_of((name, ROWS), ("ok.txt", b"fine")),
            zip_of((zipfile.ZipInfo(name), ROWS), ("ok.txt", b"fine")),
        ):
            rendering = render(data, "run/a.bin")
            assert "table" not in rendering.facts
            assert "fine" in page_of(rendering)
            assert "not looked into" in " ".join(rendering.warnings)

    def test_links_and_devices_are_named_and_not_followed(self, render, tmp_path) -> None:
        # CVE-2025-66626 (Argo): a link to a folder outside, then an entry below that link
        secret = tmp_path / "secret.txt"
        secret.write_text("do not show")
        data = tar_of(
            special("link", tarfile.SYMTYPE, str(tmp_path)),
            ("link/evil.txt", b"evil"),
            special("hard", tarfile.LNKTYPE, str(secret)),
            special("memory", tarfile.CHRTYPE),
            special("pipe", tarfile.FIFOTYPE),
        )
        rendering = render(data, "run/a.tgz")
        page = page_of(rendering)
        assert "links are not followed" in page
        assert "character device" in page
        assert "named pipe" in page
        assert "do not show" not in page
        assert not (tmp_path / "evil.txt").exists()

    def test_a_link_in_a_zip_is_not_followed(self, render) -> None:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        rendering = render(zip_of((info, b"/etc/passwd"), ("a.txt", b"x")), "run/a.zip")
        assert "links are not followed" in page_of(rendering)
        assert rendering.facts["archive"]["links"] == 1

    def test_of_two_entries_of_one_name_the_first_is_shown(self, render) -> None:
        rendering = render(tar_of(("a.txt", b"first"), ("a.txt", b"second"), ("A.TXT", b"third")), "run/a.tgz")
        page = page_of(rendering)
        assert "first" in page
        assert "second" not in page
        assert "an earlier entry has the same name" in page
        assert "hides that of" in page

    def test_an_encrypted_entry_is_said_to_be(self, render) -> None:
        data = bytearray(zip_of(("a.txt", b"secret"), ("b.txt", b"open")))
        data[6] |= 1
        data[data.index(b"PK\1\2") + 8] |= 1
        rendering = render(bytes(data), "run/a.zip")
        assert "it is encrypted" in page_of(rendering)
        assert "open" in page_of(rendering)

    def test_names_are_text_never_markup(self, render) -> None:
        name = "<img src=x onerror=alert(1)>\"'.txt"
        rendering = render(zip_of((name, b"x"), ("b.txt", b"y")), "run/a.zip")
        assert "<img" not in page_of(rendering)
        assert "&lt;img src=x" in page_of(rendering)

    def test_overlapping_entries_are_not_read(self, render) -> None:
        data = bytearray(zip_of(("a.txt", b"kernel" * 100), ("b.txt", b"kernel" * 100), ("c.txt", b"fine")))
        second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
        data[second + 42 : second + 46] = bytes(4)
        rendering = render(bytes(data), "run/a.zip")
        assert "overlap" in page_of(rendering)
        assert "fine" in page_of(rendering)

    @pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
    def test_a_bomb_is_stopped(self, render, pack) -> None:
        with pytest.raises(LimitExceeded) as caught:
            render(pack(bytes(80 * 1024**2)), "run/bomb.txt.gz")
        assert caught.value.code == "expansion"

    def test_a_bomb_among_others_spoils_only_what_comes_after_it(self, render) -> None:
        data = tar_of(("ok.txt", b"fine"), ("bomb.txt", bytes(90 * 1024**2)), ("after.txt", b"x"))
        rendering = render(data, "run/a.tgz")
        assert "fine" in page_of(rendering)
        assert "unpacks to more than" in " ".join(rendering.warnings)

    def test_a_bomb_in_a_zip_is_not_unpacked(self, render) -> None:
        rendering = render(zip_of(("bomb.txt", bytes(60 * 1024**2)), ("ok.txt", b"fine")), "run/a.zip")
        assert "fine" in page_of(rendering)
        assert "more than 200 times" in " ".join(rendering.warnings)

    def test_a_size_that_lies_is_found_out(self, render) -> None:
        data = bytearray(zip_of(("a.txt", b"words " * 50), ("b.txt", b"fine")))
        at = data.index(b"PK\1\2")
        data[at + 24 : at + 28] = (10**6).to_bytes(4, "little")
        rendering = render(bytes(data), "run/a.zip")
        assert "a.txt" in " ".join(rendering.warnings)
        assert "fine" in page_of(rendering)

    def test_archives_in_archives_end(self, render) -> None:
        data = tar_of(("a.csv", ROWS))
        for _ in range(6):
            data = tar_of(("again.tgz", data))
        with pytest.raises(LimitExceeded) as caught:
            render(data, "run/a.tgz")
        assert caught.value.code == "nested_too_deep"

    def test_an_enormous_name_is_refused_before_it_is_read(self, render) -> None:
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2**33
        with pytest.raises(LimitExceeded):
            render(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048), "run/a.tar")

    def test_a_negative_size_does_not_lead_in_a_circle(self, render) -> None:
        # CVE-2025-8194 (CPython): tarfile went back and read the same header for ever
        pax = tar_of(("a.txt", b"x"), mode="w")[:512]
        info = tarfile.TarInfo("a.txt")
        info.pax_headers = {"size": "-1024"}
        data = info.tobuf(tarfile.PAX_FORMAT) + bytes(1024) + pax
        with pytest.raises(BelvedereError):
            render(data, "run/a.tar")


class TestBrokenArchives:
    @pytest.fixture
    def many(self) -> bytes:
        return tar_of(*((f"{at}.txt", f"words {at} ".encode() * 400) for at in range(6)))

    def test_of_a_truncated_tar_what_came_whole_is_shown(self, render, many) -> None:
        rendering = render(many[: len(many) * 2 // 3], "run/a.tgz")
        page = page_of(rendering)
        assert "words 0" in page
        assert "did not come whole" in page
        assert "truncated" in " ".join(rendering.warnings)

    def test_of_a_truncated_zip_what_came_whole_is_shown(self, render) -> None:
        data = zip_of(("a.txt", b"first words"), ("b.txt", b"other words"), ("c.txt", b"last words"))
        rendering = render(data[: data.index(b"c.txt") + 7], "run/a.zip")
        page = page_of(rendering)
        assert "first words" in page
        assert "other words" in page
        assert "truncated" in " ".join(rendering.warnings)

    def test_of_a_truncated_packed_text_what_came_is_shown(self, render) -> None:
        text = "".join(f"line {at} {at * 7919 % 1000}\n" for at in range(5000)).encode()
        rendering = render(gzip.compress(text)[:-5000], "run/a.log.gz")
        assert "line 1 " in page_of(rendering)
        assert "damaged or truncated" in rendering.warnings[0]

    def test_garbage_between_the_headers_is_said(self, render) -> None:
        data = bytearray(tar_of(("a.txt", b"fine"), ("b.txt", b"x"), mode="w"))
        data[1024:1536] = b"garbage!" * 64
        rendering = render(bytes(data), "run/a.tar")
        assert "fine" in page_of(rendering) or "did not come whole" in page_of(rendering)
        assert "header is damaged" in " ".join(rendering.warnings)

    @pytest.mark.parametrize(
        "data", [tar_of(), zip_of(), gzip.compress(b""), b"\x1f\x8b\x08", b"PK\x03\x04" + bytes(40)]
    )
    def test_an_empty_or_broken_archive_says_so(self, render, data: bytes) -> None:
        with pytest.raises(MalformedArtifact):
            render(data, "run/a.tgz")

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_damage_anywhere_ends_as_a_rendering_or_an_error_of_ours(self, tmp_path, data) -> None:
        seed = data.draw(st.sampled_from(SEEDS))
        spoilt = bytearray(seed)
        for _ in range(data.draw(st.integers(1, 6))):
            spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
        content = bytes(spoilt[: data.draw(st.integers(1, len(spoilt)))])
        path = tmp_path / "spoilt"
        path.write_bytes(content)
        source = Source("bucket", "run/a.bin", "e", "", "", len(content), path)
        try:
            assert render_here(source, Limits(members=50, pages=2)).outputs
        except BelvedereError as error:
            assert error.message


SEEDS = [
    tar_of(("a.csv", ROWS), ("b/c.txt", b"words"), special("l", tarfile.SYMTYPE, "x")),
    tar_of(("a.csv", ROWS), ("b/c.txt", b"words" * 300), mode="w"),
    zip_of(("a.csv", ROWS), ("b/c.txt", b"words")),
    gzip.compress(ROWS * 20),
]


def test_it_works_shut_in(make_source) -> None:
    source = make_source((SAMPLES / "dataset.tgz").read_bytes(), "run/dataset.tgz")
    result = render_isolated(source, Limits(), strictness="lenient")
    assert result.rendering.facts["table"]["rows"] == 178
    zstd = make_source(pyarrow.Codec("zstd").compress(ROWS, asbytes=True), "run/rows.csv.zst")
    assert render_isolated(zstd, Limits(), strictness="lenient").rendering.kind == "table"
