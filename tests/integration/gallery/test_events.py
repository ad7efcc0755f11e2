"""Live changes: what a browser hears, when, and after what."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.harness.gallery_rows import artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET

from belvedere.clients.postgres import connect
from belvedere.gallery.presenting import Presenter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.own_gallery import OwnGallery

    from belvedere.gallery.responses import ArtifactResponse
    from belvedere.model.artifact import Artifact

Event = tuple[str, int, Any]


class Stream:
    """One open stream of events."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self) -> Event:
        """Wait for the next event (its name, id and data); comments and retry lines are not events."""
        event: dict[str, str] = {}
        for line in self._lines:
            if not line and "event" in event:
                return event["event"], int(event["id"]), json.loads(event["data"])
            name, _, value = line.partition(": ")
            event = event | {name: value} if name and line else {}
        raise AssertionError("the stream ended")

    def artifacts(self, count: int) -> list[Any]:
        """Wait for so many events of artifacts."""
        found: list[Any] = []
        while len(found) < count:
            name, seq, data = self.next()
            if name == "artifact":
                assert seq == data["seq"]
                found.append(data)
        return found


@contextmanager
def listening(own: OwnGallery, headers: dict[str, str] | None = None, **query: Any) -> Iterator[Stream]:
    with (
        httpx.Client(base_url=own.url, timeout=30.0, trust_env=False) as client,
        client.stream("GET", "/belvedere/api/events", params=query, headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer.iter_lines())


def test_a_change_is_heard_at_once(own: OwnGallery) -> None:
    with listening(own) as stream:
        assert stream.next()[0] == "ready"
        waits = []
        for n in range(5):
            start = time.perf_counter()
            write_artifacts(own.catalog, artifact_row(f"events/{n}", n, bucket=BUCKET, state="queued"))
            (heard,) = stream.artifacts(1)
            waits.append(time.perf_counter() - start)
            assert (heard["key"], heard["state"]) == (f"events/{n}", "queued")

    assert sorted(waits)[2] < 0.5, waits


def test_nothing_is_lost_between_two_connections(own: OwnGallery) -> None:
    with listening(own) as stream:
        _, seq, _ = stream.next()
    write_artifacts(own.catalog, *(artifact_row(f"missed/{n}", n, bucket=BUCKET) for n in range(3)))

    with listening(own, since=seq) as stream:
        assert [a["key"] for a in stream.artifacts(3)] == [f"missed/{n}" for n in range(3)]
    with listening(own, headers={"Last-Event-ID": str(seq + 1)}, since=seq) as stream:
        assert [a["key"] for a in stream.artifacts(2)] == ["missed/1", "missed/2"]


def test_who_missed_too_much_is_told_to_list_again(own: OwnGallery) -> None:
    with listening(own) as stream:
        _, seq, _ = stream.next()
    write_artifacts(own.catalog, *(artifact_row(f"many/{n}", n, bucket=BUCKET) for n in range(600)))

    with listening(own, since=seq) as stream:
        assert stream.next()[:2] == ("reset", seq + 600)


def test_a_burst_reaches_a_listener_whole(own: OwnGallery) -> None:
    with listening(own) as stream:
        stream.next()
        for n in range(0, 200, 10):
            write_artifacts(own.catalog, *(artifact_row(f"burst/{n + i}", i, bucket=BUCKET) for i in range(10)))
        heard = stream.artifacts(200)

    assert {a["key"] for a in heard} == {f"burst/{n}" for n in range(200)}
    assert [a["seq"] for a in heard] == sorted(a["seq"] for a in heard)


def test_a_change_is_put_into_words_once_for_all_who_listen(own: OwnGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    real = Presenter.artifact

    def counted(self: Presenter, artifact: Artifact) -> ArtifactResponse:
        told.append(artifact.key)
        return real(self, artifact)

    with ExitStack() as all_streams:
        streams = [all_streams.enter_context(listening(own)) for _ in range(25)]
        for stream in streams:
            stream.next()
        monkeypatch.setattr(Presenter, "artifact", counted)
        for n in range(20):
            write_artifacts(own.catalog, artifact_row(f"once/{n}", n, bucket=BUCKET))
        heard = [[artifact["key"] for artifact in stream.artifacts(20)] for stream in streams]

    assert heard == [[f"once/{n}" for n in range(20)]] * 25, "no stream misses a change"
    assert sorted(told) == sorted(f"once/{n}" for n in range(20))


def test_a_stream_tells_the_servers_time(own: OwnGallery) -> None:
    with listening(own) as stream:
        name, _, told = stream.next()

    assert name == "ready"
    assert abs(told["now"] / 1000 - time.time()) < 30


def test_streams_end_when_the_server_is_asked_to_stop(own: OwnGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(own) as stream:
        stream.next()
        monkeypatch.setattr("belvedere.gallery.broadcast.server_stops", lambda: True)

        with pytest.raises(AssertionError, match="the stream ended"):
            stream.next()


def test_one_objects_page_hears_of_that_object_only(own: OwnGallery) -> None:
    with listening(own, bucket=BUCKET, key="only/me") as stream:
        stream.next()
        write_artifacts(own.catalog, artifact_row("only/other", bucket=BUCKET), artifact_row("only/me", bucket=BUCKET))

        assert stream.artifacts(1)[0]["key"] == "only/me"


def test_the_stream_outlives_a_lost_database_connection(own: OwnGallery, catalog_dsn: str) -> None:
    with listening(own) as stream:
        stream.next()
        with connect(catalog_dsn) as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and query ilike 'listen%%'",
                (),
            )
            write_artifacts(other, artifact_row("after/restart", bucket=BUCKET))

        assert stream.artifacts(1)[0]["key"] == "after/restart"


def test_a_cursor_that_is_no_number_is_refused(own: OwnGallery) -> None:
    answer = own.client.get("/belvedere/api/events", headers={"Last-Event-ID": "abc"})

    assert answer.status_code == 400
    assert "Last-Event-ID" in answer.json()["detail"]
