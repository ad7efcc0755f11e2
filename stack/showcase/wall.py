"""Uploads the samples with a plain S3 client, and waits until each has its final state in the gallery."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.clients.object_store import ObjectStore
from belvedere.errors import ObjectMissing
from stack.errors import StepFailed
from stack.showcase.samples import read_samples
from stack.showcase.waiting import wait_until

if TYPE_CHECKING:
    from stack.instance import Instance
    from stack.showcase.airflow_client import AirflowClient
    from stack.showcase.samples import Sample

LOOKUP = "/belvedere/api/artifacts/lookup"
FINAL = ("rendered", "dead", "unsupported", "deleted", "superseded")
FIRST_SECONDS = 90.0
ALL_SECONDS = 180.0
FIRST_POLL_SECONDS = 0.03
POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Showing:
    """What came of the samples. ``first_seconds`` is None when nothing had to be uploaded."""

    states: dict[str, str]
    uploaded: int
    first_seconds: float | None

    @property
    def unseen(self) -> dict[str, str]:
        """The samples without a picture."""
        return {name: state for name, state in self.states.items() if not state.startswith("rendered")}


class Wall:
    """The samples on their way into the gallery."""

    def __init__(self, instance: Instance, client: AirflowClient) -> None:
        self._client = client
        self._bucket, self._samples = read_samples(instance.paths.root / "examples" / "samples")
        self._store = ObjectStore(
            instance.minio_endpoint, instance.secrets.minio_root_user, instance.secrets.minio_root_password
        )
        self._before: dict[str, object] = {}

    def show(self) -> Showing:
        """Upload the samples that are not shown yet and wait for all.

        Raises:
            NotReady: some have no final state in time; the text names them.
            StepFailed: the gallery does not answer as it should.
        """
        missing = [sample for sample in self._samples if not self._is_shown(sample)]
        first_seconds = self._show_first(missing[0]) if missing else None
        for sample in missing[1:]:
            self._upload(sample)
        self._await(missing, ALL_SECONDS, POLL_SECONDS)
        states = {sample.name: self._state(sample) for sample in self._samples}
        return Showing(states, len(missing), first_seconds)

    def _show_first(self, sample: Sample) -> float:
        self._upload(sample)
        started = time.monotonic()
        self._await([sample], FIRST_SECONDS, FIRST_POLL_SECONDS)
        return time.monotonic() - started

    def _upload(self, sample: Sample) -> None:
        self._before[sample.name] = _moment(self._card(sample))
        for each in sample.objects:
            self._store.put(self._bucket, each.key, each.file.read_bytes(), each.content_type)

    def _await(self, samples: list[Sample], seconds: float, poll: float) -> None:
        waiting = list(samples)

        def done() -> bool:
            waiting[:] = [sample for sample in waiting if self._state(sample).split(":")[0] not in FINAL]
            return not waiting

        wait_until(done, seconds, lambda: self._complaint(waiting, seconds), poll)

    def _complaint(self, samples: list[Sample], seconds: float) -> str:
        lines = [f"  - {self._bucket}/{sample.trigger_key}: {self._state(sample)}" for sample in samples]
        return "\n".join([f"These samples have no picture after {seconds:.0f} s:", *lines])

    def _is_shown(self, sample: Sample) -> bool:
        if not all(self._is_stored(each.key, each.etag) for each in sample.objects):
            return False
        card = self._card(sample)
        return card is not None and card["etag"] == sample.main.etag and card["state"] == "rendered"

    def _is_stored(self, key: str, etag: str) -> bool:
        try:
            return self._store.stat(self._bucket, key).etag == etag
        except ObjectMissing:
            return False

    def _state(self, sample: Sample) -> str:
        card = self._card(sample)
        if card is None or card["etag"] != sample.main.etag:
            return "no card yet"
        if sample.name in self._before and _moment(card) == self._before[sample.name]:
            return "no card of this upload yet"
        error = card.get("error") or {}
        return f"{card['state']}: {error['message']}" if error else str(card["state"])

    def _card(self, sample: Sample) -> dict[str, Any] | None:
        card = self._client.find(LOOKUP, bucket=self._bucket, key=sample.trigger_key)
        if card is not None and not {"state", "etag"} <= card.keys():
            raise StepFailed(f"{LOOKUP} answers, but not with an artifact: is the gallery's plugin in plugins/?")
        return card


def _moment(card: dict[str, Any] | None) -> tuple[object, ...]:
    """Return what changes on a card when its object is written again, even with the same bytes."""
    return (card.get("version_id"), card.get("event_at")) if card else ()
