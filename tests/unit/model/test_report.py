from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import unquote

import pytest
from tests.harness.artifacts import RENDERED_AT as AT
from tests.harness.artifacts import rendered_curve

from belvedere.errors import ConfigurationError
from belvedere.model.artifact import ArtifactState
from belvedere.model.report import EventMode, ReportKind, kind_of, ping_event, report_event, written
from belvedere.model.subscription import Subscription, WebhookSigner

ARTIFACT = rendered_curve(
    tenant="team-a",
    bucket="team-a",
    key='runs/ключ "ä" 100%\n.csv',
    version_id="v1",
    size=10,
    latency_ms=400,
    title="ROC",
)
SUBSCRIPTION = Subscription(
    id="a" * 24,
    tenant="team-a",
    url="https://hooks.example/in",
    description="",
    events=(ReportKind.READY,),
    kinds=(),
    prefix="",
    mode=EventMode.BINARY,
    enabled=True,
    secret_version=2,
    rotated_at=None,
    created_by="alice",
    created_at=AT,
    failures=0,
    retry_at=None,
    delivered_at=None,
    problem=None,
)


def test_an_event_has_every_attribute_that_cloudevents_demand() -> None:
    event = report_event(ARTIFACT, AT, "/belvedere")

    assert {name: event[name] for name in ("specversion", "source", "type")} == {
        "specversion": "1.0",
        "source": "urn:belvedere:tenant:team-a",
        "type": "io.belvedere.report.ready",
    }
    assert event["subject"] == f"team-a/{ARTIFACT.key}"
    assert datetime.fromisoformat(event["time"]) == AT
    assert event["data"]["page"] == f"/belvedere/artifacts/{ARTIFACT.id}"
    assert event["data"]["facts"] == {"roc": {"auc": 0.9}}


def test_the_same_ending_is_the_same_event_and_the_next_ending_another() -> None:
    first, again = (report_event(ARTIFACT, AT, "/belvedere")["id"] for _ in range(2))
    later = report_event(ARTIFACT, AT + timedelta(microseconds=1), "/belvedere")["id"]

    assert first == again != later


def test_what_has_no_picture_is_told_as_failed_with_its_reason() -> None:
    dead = replace(ARTIFACT, state=ArtifactState.DEAD, error_code="malformed", error_message="row 3 is cut short")

    event = report_event(dead, AT, "/belvedere")

    assert event["type"] == "io.belvedere.report.failed"
    assert event["data"]["error"] == {"code": "malformed", "message": "row 3 is cut short"}
    assert kind_of(ArtifactState.QUEUED) is None


def test_large_facts_stay_out_of_an_event() -> None:
    event = report_event(replace(ARTIFACT, facts={"table": {"names": ["x" * 50] * 100}}), AT, "/belvedere")

    assert event["data"]["facts"] is None


def test_binary_mode_writes_attributes_as_headers_that_any_key_can_stand_in() -> None:
    message = written(report_event(ARTIFACT, AT, "/belvedere"), EventMode.BINARY)

    assert all(0x21 <= ord(letter) < 0x7F for value in message.headers.values() for letter in value)
    assert unquote(message.headers["ce-subject"]) == f"team-a/{ARTIFACT.key}"
    assert message.headers["Content-Type"] == "application/json"
    assert json.loads(message.body)["key"] == ARTIFACT.key
    assert not {"ce-data", "ce-datacontenttype"} & message.headers.keys()


def test_structured_mode_writes_one_document() -> None:
    event = ping_event("p1", "team-a", SUBSCRIPTION.id, AT)

    message = written(event, EventMode.STRUCTURED)

    assert message.headers == {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    assert json.loads(message.body) == event


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, True),
        ({"kinds": ("roc", "table")}, True),
        ({"kinds": ("table",)}, False),
        ({"prefix": "runs/"}, True),
        ({"prefix": "other/"}, False),
        ({"events": (ReportKind.FAILED,)}, False),
        ({"tenant": "team-b"}, False),
        ({"enabled": False}, False),
    ],
)
def test_a_subscription_wants_what_it_chose_of_its_own_tenant(changes: dict[str, object], wanted: bool) -> None:
    assert replace(SUBSCRIPTION, **changes).wants(ARTIFACT) is wanted  # type: ignore[arg-type]


def signatures(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Sign as the standard says, with nothing of ours."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()


def test_a_receiver_verifies_with_the_secret_that_it_was_given() -> None:
    signer = WebhookSigner.of("a secret of tests")

    headers = signer.headers(SUBSCRIPTION, "id1", b"body", AT)

    secret = signer.secret(SUBSCRIPTION.id, 2)
    assert headers["webhook-id"] == "id1"
    assert headers["webhook-signature"] == signatures(secret, "id1", headers["webhook-timestamp"], b"body")
    assert signer.secret(SUBSCRIPTION.id, 1) != secret != signer.secret("b" * 24, 2)


def test_for_a_day_after_a_rotation_both_secrets_verify() -> None:
    signer = WebhookSigner.of("a secret of tests")
    rotated = replace(SUBSCRIPTION, rotated_at=AT)

    soon = signer.headers(rotated, "id1", b"body", AT + timedelta(hours=1))
    later = signer.headers(rotated, "id1", b"body", AT + timedelta(hours=25))

    old, new = (
        signatures(signer.secret(SUBSCRIPTION.id, n), "id1", soon["webhook-timestamp"], b"body") for n in (1, 2)
    )
    assert soon["webhook-signature"].split() == [new, old]
    assert len(later["webhook-signature"].split()) == 1


def test_without_a_secret_nothing_is_signed() -> None:
    with pytest.raises(ConfigurationError, match="BELVEDERE_CAPABILITY_SECRET"):
        WebhookSigner.of("")
