"""TensorBoard event files read into what people want to see, in bounded memory and without TensorFlow.

Source: tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto, as packaged by tensorboard.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.training.tensors import numbers_of, shape_of, texts_of
from belvedere.rendering.training.tfrecords import MOST_RECORDS, RecordFile
from belvedere.rendering.training.thinning import Thinned

if TYPE_CHECKING:
    from pathlib import Path

MOST_POINTS, MOST_HISTOGRAMS, MOST_PICTURES, MOST_TEXTS = 20_000, 40, 10, 10
MOST_TAGS, LONGEST_TAG = 2000, 300
MOST_PICTURE_BYTES, MOST_TEXT_BYTES, MOST_BUCKETS = 4 * 1024**2, 200_000, 2000
PLUGINS = {"scalars": "scalars", "histograms": "histograms", "images": "images", "text": "texts", "audio": "audio"}
OTHER_PLUGINS = {
    "pr_curves": "precision-recall curves",
    "mesh": "meshes",
    "hparams": "hyperparameters",
    "graph_keras_model": "Keras models",
    "graph_run_metadata": "run metadata",
    "custom_scalars": "layouts of custom scalars",
    "projector": "embeddings",
}


class Point(NamedTuple):
    """A scalar at a step; ``time`` in seconds since 1970."""

    step: int
    value: float
    time: float


class Buckets(NamedTuple):
    """A histogram at a step: ``counts[i]`` things between ``edges[i]`` and ``edges[i + 1]``."""

    step: int
    edges: tuple[float, ...]
    counts: tuple[float, ...]


class Blob(NamedTuple):
    """Bytes logged at a step: an encoded picture, or a text."""

    step: int
    content: bytes


@dataclass(slots=True)
class EventLog:
    """All that one run logged, by tag. ``others`` names what is logged but not drawn."""

    scalars: dict[str, Thinned[Point]] = field(default_factory=dict)
    histograms: dict[str, Thinned[Buckets]] = field(default_factory=dict)
    images: dict[str, Thinned[Blob]] = field(default_factory=dict)
    texts: dict[str, Thinned[Blob]] = field(default_factory=dict)
    audio: dict[str, int] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    tensors: dict[str, None] = field(default_factory=dict)
    plugins: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    records: int = 0
    undecodable: int = 0
    dropped_tags: int = 0
    thinned: bool = False

    def last(self, tag: str) -> Point:
        """Return the point of a scalar that was written last."""
        return self.scalars[tag].kept()[-1]

    def read(self, path: Path, name: str, most_records: int = MOST_RECORDS) -> None:
        """Add the events of a file; ``name`` is what warnings call it, ``most_records`` about how many are read."""
        from google.protobuf.message import DecodeError
        from tensorboard.compat.proto.event_pb2 import Event

        file = RecordFile(path, most_records)
        for payload in file.payloads():
            try:
                event = Event.FromString(payload)
            except DecodeError:
                self.undecodable += 1
                continue
            self._add(event)
        self.records += file.records
        self.thinned = self.thinned or file.thinned > 1
        self.warnings += file.warnings(name)
        if self.undecodable:
            self.warnings.append(f"{name}: {self.undecodable:,} records are no events and are left out.")

    def _add(self, event: Any) -> None:
        which = event.WhichOneof("what")
        if which == "summary":
            for value in event.summary.value:
                self._value(value, event.step, event.wall_time)
        elif which == "session_log" and event.session_log.status == 1 and event.step > 0:
            self._restart(event.step)
        elif which in ("graph_def", "meta_graph_def", "tagged_run_metadata"):
            self.others["graphs"] = self.others.get("graphs", 0) + 1

    def _restart(self, step: int) -> None:
        """Forget what a crashed run logged after the step that its successor started from, as TensorBoard does."""
        for series in (self.scalars, self.histograms, self.images):
            for tag, kept in series.items():
                series[tag] = _before(kept, step)  # type: ignore[assignment,arg-type]

    def _value(self, value: Any, step: int, time: float) -> None:
        tag = clean(value.tag or value.node_name)[:LONGEST_TAG] or "(no tag)"
        plugin = value.metadata.plugin_data.plugin_name if value.HasField("metadata") else ""
        if plugin:
            self.plugins.setdefault(tag, plugin)
        which = value.WhichOneof("value")
        if which == "simple_value":
            self._point(tag, Point(step, value.simple_value, time))
        elif which == "histo":
            self._histogram(tag, step, value.histo)
        elif which == "image":
            self._picture(tag, step, value.image.encoded_image_string)
        elif which == "audio":
            self.audio[tag] = self.audio.get(tag, 0) + 1
        elif which == "tensor":
            self._tensor(tag, step, time, value.tensor)

    def _room(self, series: dict[str, Any], tag: str) -> bool:
        if tag in series or len(series) < MOST_TAGS:
            return True
        self.dropped_tags += 1
        return False

    def _point(self, tag: str, point: Point) -> None:
        if self._room(self.scalars, tag):
            self.scalars.setdefault(tag, Thinned(MOST_POINTS)).add(point)

    def _histogram(self, tag: str, step: int, histo: Any) -> None:
        limits, counts = histo.bucket_limit[:MOST_BUCKETS], tuple(histo.bucket[:MOST_BUCKETS])
        if len(limits) != len(counts) or not counts:
            return
        low = histo.min if histo.min < limits[0] else limits[0]
        self._add_histogram(tag, step, [low, *limits], counts)

    def _add_histogram(self, tag: str, step: int, edges: list[float], counts: tuple[float, ...]) -> None:
        if not all(map(math.isfinite, counts)) or not self._room(self.histograms, tag):
            return
        finite = [value for value in edges if abs(value) < 1e300 and not math.isnan(value)]
        low, high = min(finite, default=0.0), max(finite, default=0.0)
        held = tuple(low if math.isnan(value) else min(high, max(low, value)) for value in edges)
        self.histograms.setdefault(tag, Thinned(MOST_HISTOGRAMS)).add(Buckets(step, held, counts))

    def _picture(self, tag: str, step: int, content: bytes) -> None:
        if len(content) <= MOST_PICTURE_BYTES and self._room(self.images, tag):
            self.images.setdefault(tag, Thinned(MOST_PICTURES)).add(Blob(step, content))

    def _tensor(self, tag: str, step: int, time: float, tensor: Any) -> None:
        plugin = self.plugins.get(tag, "")
        strings = texts_of(tensor)
        if plugin == "scalars" or (not plugin and not strings and not shape_of(tensor)):
            values = numbers_of(tensor)
            if values:
                self._point(tag, Point(step, values[0], time))
        elif plugin == "histograms":
            self._bucket_rows(tag, step, numbers_of(tensor))
        elif plugin == "images":
            for at, content in enumerate(strings[2:5]):
                self._picture(f"{tag}/{at}" if at else tag, step, content)
        elif plugin == "audio":
            self.audio[tag] = self.audio.get(tag, 0) + max(1, len(strings) // 2)
        elif strings and plugin in ("", "text"):
            self._text(tag, step, strings)
        else:
            self._other(tag, plugin)

    def _bucket_rows(self, tag: str, step: int, flat: list[float]) -> None:
        rows = [flat[at : at + 3] for at in range(0, min(len(flat), 3 * MOST_BUCKETS) - 2, 3)]
        if rows:
            self._add_histogram(tag, step, [rows[0][0], *(row[1] for row in rows)], tuple(row[2] for row in rows))

    def _text(self, tag: str, step: int, strings: list[bytes]) -> None:
        self.tensors[tag] = None
        if self._room(self.texts, tag):
            content = b"\n\n".join(strings[:200])[:MOST_TEXT_BYTES]
            self.texts.setdefault(tag, Thinned(MOST_TEXTS)).add(Blob(step, content))

    def _other(self, tag: str, plugin: str) -> None:
        self.tensors[tag] = None
        name = OTHER_PLUGINS.get(plugin, f"data of the plugin {clean(plugin)[:60]}" if plugin else "tensors")
        self.others[name] = self.others.get(name, 0) + 1


def _before(kept: Thinned[Point], step: int) -> Thinned[Point]:
    again: Thinned[Point] = Thinned(MOST_POINTS)
    for thing in kept.kept():
        if thing.step < step:
            again.add(thing)
    return again
