"""Upload as any tool would, and see what the gallery's JSON says."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.harness.waiting import eventually

if TYPE_CHECKING:
    import httpx
    from minio import Minio

FINAL = frozenset({"rendered", "dead", "unsupported", "deleted"})
SETTLE_SECONDS = 60.0
Card = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wall:
    """One bucket's artifacts."""

    s3: Minio
    gallery: httpx.Client
    bucket: str

    def put(self, key: str, content: bytes, content_type: str = "application/octet-stream") -> str:
        """Upload with a plain S3 client and return the etag."""
        done = self.s3.put_object(self.bucket, key, io.BytesIO(content), len(content), content_type=content_type)
        return (done.etag or "").strip('"')

    def remove(self, key: str) -> None:
        """Delete an object."""
        self.s3.remove_object(self.bucket, key)

    def card(self, key: str) -> Card | None:
        """Return what the gallery knows of a key."""
        answer = self.gallery.get("/belvedere/api/artifacts/lookup", params={"bucket": self.bucket, "key": key})
        if answer.status_code == 404:
            return None
        card: Card = answer.raise_for_status().json()
        return card

    def cards(self, prefix: str, **query: Any) -> list[Card]:
        """Return every card below a prefix, page by page."""
        found: list[Card] = []
        cursor = None
        while True:
            params = {"bucket": self.bucket, "prefix": prefix, "limit": 100} | query
            answer = self.gallery.get(
                "/belvedere/api/artifacts", params=params | ({"cursor": cursor} if cursor else {})
            )
            body = answer.raise_for_status().json()
            found += body["artifacts"]
            cursor = body["next_cursor"]
            if not cursor:
                return found

    def settled(self, key: str, etag: str | None = None, *, seconds: float = SETTLE_SECONDS) -> Card:
        """Wait for the final state of a key (of this very version, if an etag is given)."""

        def final() -> Card | None:
            card = self.card(key)
            right = card is not None and card["state"] in FINAL and etag in (None, card["etag"])
            return card if right else None

        card = eventually(final, seconds, what=f"a final state of {key!r}")
        assert card is not None
        return card

    def show(self, key: str, content: bytes, content_type: str = "application/octet-stream") -> Card:
        """Upload and wait for the final state."""
        return self.settled(key, self.put(key, content, content_type))

    def output(self, card: Card, role: str) -> httpx.Response:
        """Fetch one output of a card the way a browser would."""
        (href,) = [output["href"] for output in card["outputs"] if output["role"] == role][:1]
        return self.gallery.get(href)
