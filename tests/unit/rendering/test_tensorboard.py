"""TensorBoard event files: runs side by side; TensorFlow 1 and 2; growing and damaged files; nothing unbounded."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.unit.rendering.event_files import (
    log_file,
    record,
    scalar,
    summary,
    text,
    tf2_histogram,
    tf2_image,
    tf2_scalar,
)

from belvedere.errors import BelvedereError, MalformedArtifact
from belvedere.model.rendering import Limits, Listing, Reference, Related, Rendering, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.renderers.tensorboard import references
from belvedere.rendering.training import tfrecords
from belvedere.rendering.training.crc32c import masked_crc32c
from belvedere.rendering.training.event_logs import EventLog
from belvedere.rendering.training.log_folders import log_references
from belvedere.rendering.training.thinning import Thinned

SAMPLES = Path(__file__).parents[2] / "samples" / "tensorboard"
KEY = "logs/digits/train/events.out.tfevents.1795132800.trainer-0"


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


def runs_of(rendering: Rendering) -> dict:
    return rendering.facts["tensorboard"]["runs"]


@pytest.fixture
def show(make_source):
    """Render an event file, with others (key to bytes) beside it."""

    def run(content: bytes, others: dict[str, bytes] | None = None, key: str = KEY) -> Rendering:
        related = {}
        for name, data in (others or {}).items():
            made = make_source(data, name)
            related[f"minio://bucket/{name}"] = Related(f"minio://bucket/{name}", made.path, made.size, "")
        return render_here(replace(make_source(content, key), related=related), Limits())

    return run


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()


def test_an_event_file_is_told_by_its_bytes_whatever_its_name(make_source) -> None:
    assert detect(make_source(log_file(scalar("loss", 0, 1.0)), "a/b.csv")) == "tensorboard"


def test_values_of_tensorflow_1_and_2_are_the_same_scalars(show) -> None:
    rendering = show(
        log_file(
            scalar("old", 3, 0.5),
            tf2_scalar("new", 4, 0.25),
            tf2_scalar("new", 5, 0.125, plugin=""),
            tf2_scalar("listed", 6, 2.0, packed=False),
        )
    )
    assert runs_of(rendering)["train"]["scalars"] == {
        "old": {"points": 1, "last_step": 3, "last_value": 0.5},
        "new": {"points": 2, "last_step": 5, "last_value": 0.125},
        "listed": {"points": 1, "last_step": 6, "last_value": 2.0},
    }


def test_histograms_pictures_and_texts_of_tensorflow_2_are_shown(show) -> None:
    rendering = show(
        log_file(
            tf2_histogram("weights", 1, [(-1.0, 0.0, 3.0), (0.0, 1.0, 5.0)]),
            tf2_image("samples", 2, picture()),
            text("notes", 3, "**bold** <script>alert(1)</script>"),
        )
    )
    train, page = runs_of(rendering)["train"], page_of(rendering)
    assert (train["histograms"], train["images"], train["tensors"]) == (["weights"], ["samples"], ["notes"])
    assert 'aria-label="weights: 1 histograms, the last at step 1 from -1 to 1"' in page
    assert 'alt="samples at step 2, 8 by 8 pixels" src="data:image/png;base64,' in page
    assert "<strong>bold</strong>" in page
    assert "<script" not in page


def test_runs_of_a_log_folder_stand_side_by_side_and_the_first_file_stands_for_all(show) -> None:
    other = "logs/digits/validation/events.out.tfevents.1795132800.trainer-0"
    rendering = show(log_file(scalar("loss", 9, 0.1)), {other: log_file(scalar("loss", 9, 0.2))})
    assert list(runs_of(rendering)) == ["train", "validation"]
    assert rendering.members == (other,)
    assert "0.2000" in page_of(rendering)
    later = show(log_file(scalar("loss", 9, 0.2)), {KEY: log_file(scalar("loss", 9, 0.1))}, key=other)
    assert runs_of(later) == runs_of(rendering)
    assert later.members == ()


def test_files_of_one_folder_are_one_run_that_was_started_again(show) -> None:
    again = "logs/digits/train/events.out.tfevents.1795140000.trainer-0"
    rendering = show(log_file(scalar("loss", 1, 0.9)), {again: log_file(scalar("loss", 2, 0.4))})
    assert runs_of(rendering)["train"]["scalars"]["loss"] == {"points": 2, "last_step": 2, "last_value": 0.4}


def test_it_asks_for_the_event_files_of_its_log_folder(make_source) -> None:
    (listing,) = references(make_source(b"", KEY))
    assert isinstance(listing, Listing)
    assert (listing.uri, listing.names) == ("minio://bucket/logs/digits/", ("*tfevents*",))
    assert references(make_source(b"", "events.out.tfevents.1")) == ()


@pytest.mark.parametrize("cut", [1, 5, 11, 13, 20])
def test_a_half_written_last_record_is_left_out_and_said(show, cut: int) -> None:
    whole = log_file(scalar("loss", 1, 0.5), scalar("loss", 2, 0.25))
    rendering = show(whole[:-cut])
    assert runs_of(rendering)["train"]["scalars"]["loss"] == {"points": 1, "last_step": 1, "last_value": 0.5}
    assert "truncated or still being written" in rendering.warnings[0]


def test_a_run_that_has_just_begun_is_shown_as_that(show) -> None:
    rendering = show(log_file())
    assert runs_of(rendering)["train"]["scalars"] == {}
    assert "Nothing is logged yet" in rendering.warnings[0]


def test_a_wrong_checksum_of_data_costs_that_record_only(show) -> None:
    data = bytearray(log_file(scalar("loss", 1, 0.5), scalar("loss", 2, 0.25), scalar("loss", 3, 0.125)))
    data[-60] ^= 1
    rendering = show(bytes(data))
    assert runs_of(rendering)["train"]["scalars"]["loss"]["points"] == 2
    assert "1 record has a wrong checksum (CRC)" in rendering.warnings[0]


def test_a_wrong_checksum_of_a_length_ends_the_file_and_says_where(show) -> None:
    first = log_file(scalar("loss", 1, 0.5))
    data = bytearray(first + scalar("loss", 2, 0.25))
    data[len(first)] ^= 1
    rendering = show(bytes(data))
    assert runs_of(rendering)["train"]["scalars"]["loss"]["points"] == 1
    assert f"at byte {len(first):,}" in rendering.warnings[0]


def test_a_file_without_one_good_record_is_an_error(show) -> None:
    data = bytearray(log_file(scalar("loss", 1, 0.5)))
    data[8] ^= 1
    with pytest.raises(MalformedArtifact, match="checksum"):
        show(bytes(data))


def test_values_that_are_no_numbers_leave_a_gap_and_are_said(show) -> None:
    rendering = show(log_file(scalar("loss", 1, 0.5), scalar("loss", 2, float("nan"))))
    assert runs_of(rendering)["train"]["scalars"]["loss"]["last_value"] == "nan"
    assert "not finite" in rendering.warnings[0]


def test_what_is_not_drawn_is_named(show) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    sound = Summary.Value(tag="voice", audio=Summary.Audio(sample_rate=8000, encoded_audio_string=b"RIFF"))
    graph = record(Event(graph_def=b"\n\x00").SerializeToString())
    page = page_of(show(log_file(scalar("loss", 1, 0.5), summary(1, sound), graph)))
    assert "audio voice" in page
    assert "graphs" in page


def test_tags_are_text_and_never_markup(show) -> None:
    rendering = show(log_file(scalar("<img src=x onerror=alert(1)>", 1, 0.5)))
    assert "<img src=x" not in page_of(rendering)


def test_a_picture_that_is_none_is_said_beside_the_others(show) -> None:
    rendering = show(log_file(tf2_image("good", 1, picture()), tf2_image("bad", 1, b"no picture")))
    assert "good at step 1" in page_of(rendering)
    assert any("bad of step 1 cannot be shown" in text for text in rendering.warnings)


def test_the_chart_offers_tags_and_smoothing(show) -> None:
    rendering = show((SAMPLES / "train" / KEY.rpartition("/")[2]).read_bytes())
    chart = json.loads(next(output.content for output in rendering.outputs if output.name == "chart.vl.json"))
    binds = {param["name"]: param["bind"] for param in chart["params"] if isinstance(param.get("bind"), dict)}
    assert binds["tag"]["options"] == ["epoch_loss", "epoch_accuracy"]
    assert binds["smoothing"]["labels"] == ["0", "0.6", "0.9", "0.97"]
    rows = [row for row in chart["data"]["values"] if row["tag"] == "epoch_loss"]
    assert len(rows) == 30
    assert rows[0]["s0"] == rows[0]["s1"] == pytest.approx(1.367151)


@pytest.mark.parametrize("length", [0, 1, 9, 4095, 4096, 4097, 70_001])
def test_checksums_are_those_of_tensorboard(length: int) -> None:
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c as theirs

    data = bytes(at * 7 % 256 for at in range(length))
    assert masked_crc32c(data) == theirs(data)


def test_of_very_many_records_some_are_read_and_all_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecords, "PROBED_RECORDS", 50)
    monkeypatch.setattr(tfrecords, "THINNED_FROM_BYTES", 1000)
    path = tmp_path / "events"
    path.write_bytes(log_file(*(scalar(f"tag{at % 2}", at, float(at)) for at in range(2000))))
    log = EventLog()
    log.read(path, "events", 100)
    assert log.records == 2001
    assert log.thinned
    assert "2,001 records: of the small ones about one in" in log.warnings[0]
    assert log.scalars["tag1"].kept()[-1].step == 1999
    assert 20 < log.scalars["tag0"].count < 300
    assert 20 < log.scalars["tag1"].count < 300


@given(count=st.integers(0, 500), most=st.integers(2, 40))
def test_thinning_keeps_few_evenly_and_always_the_ends(count: int, most: int) -> None:
    thinned: Thinned[int] = Thinned(most)
    for at in range(count):
        thinned.add(at)
    kept = thinned.kept()
    assert thinned.count == count
    assert len(kept) <= most
    assert kept == sorted(set(kept))
    assert (kept[0], kept[-1]) == (0, count - 1) if count else kept == []


def test_kubeflows_sources_name_folders_or_files_several_between_commas() -> None:
    asked = log_references("minio://b/logs/a, Series2:s3://b/logs/b/,minio://b/x/events.out.tfevents.1,gs://no/way")
    assert [one.uri for one in asked] == ["minio://b/logs/a/", "minio://b/logs/b/", "minio://b/x/events.out.tfevents.1"]
    assert [type(one) for one in asked] == [Listing, Listing, Reference]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_end_in_a_page_or_an_error_of_ours(data: st.DataObject, tmp_path: Path) -> None:
    original = (SAMPLES / "validation" / KEY.rpartition("/")[2]).read_bytes() + tf2_histogram("h", 1, [(0.0, 1.0, 2.0)])
    content = bytearray(original[: data.draw(st.integers(1, len(original)))])
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "hostile"
    path.write_bytes(content)
    source = Source("bucket", KEY, "e", "", "", len(content), path)
    try:
        assert render_here(source, Limits(), "tensorboard").outputs
    except BelvedereError as error:
        assert error.message
