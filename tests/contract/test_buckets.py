"""The fake buckets and the real ones, held against the same expectations."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from tests.fakes.buckets import FakeBuckets

from belvedere.clients.bucket_admin import BucketAdmin, UnknownTarget
from belvedere.model.storage import CREATED_EVENTS, REMOVED_EVENTS, BucketState, ExpiryRule, NotificationRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.servers import Servers

FAST = "arn:minio:sqs::FAST:kafka"
DURABLE = "arn:minio:sqs::DURABLE:kafka"
EVENTS = (CREATED_EVENTS, REMOVED_EVENTS)


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.stack)])
def buckets(request: pytest.FixtureRequest) -> Iterator[FakeBuckets | BucketAdmin]:
    if request.param == "fake":
        yield FakeBuckets([FAST, DURABLE])
        return
    servers: Servers = request.getfixturevalue("servers")
    yield bucket_admin(servers)


def bucket_admin(servers: Servers) -> BucketAdmin:
    instance = servers.minio()
    secrets = instance.secrets
    return BucketAdmin(instance.minio_endpoint, secrets.minio_root_user, secrets.minio_root_password)


@pytest.fixture
def name() -> str:
    return f"contract-{uuid.uuid4().hex[:12]}"


def test_a_bucket_that_does_not_exist_is_described_as_such(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    assert buckets.state(name) == BucketState(name)
    assert name not in buckets.names()


def test_creating_twice_is_creating_once(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    buckets.create(name)
    buckets.create(name)

    assert buckets.state(name) == BucketState(name, exists=True)
    assert buckets.names().count(name) == 1


def test_versioning_stays_on(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    buckets.create(name)
    buckets.enable_versioning(name)
    buckets.enable_versioning(name)

    assert buckets.state(name).versioning


def test_tags_are_added_to_those_that_are_there(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    buckets.create(name)
    buckets.add_tags(name, {"theirs": "a", "shared": "old"})
    buckets.add_tags(name, {"ours": "b", "shared": "new"})

    assert buckets.tags(name) == {"theirs": "a", "ours": "b", "shared": "new"}
    assert buckets.state(name).tags == buckets.tags(name)


def test_a_lifecycle_rule_replaces_only_itself(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    buckets.create(name)
    for rule in (ExpiryRule("theirs", 3), ExpiryRule("ours", 5), ExpiryRule("ours", 7)):
        buckets.set_expiry(name, rule)

    assert set(buckets.state(name).expiry) == {ExpiryRule("theirs", 3), ExpiryRule("ours", 7)}


def test_notification_rules_of_others_survive_ours(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    theirs = NotificationRule("theirs", DURABLE, ("s3:ObjectCreated:Put",), "runs/", ".csv")
    old, new = (NotificationRule(f"belvedere/{which}", FAST, EVENTS) for which in ("old", "new"))
    buckets.create(name)
    buckets.set_notifications(name, "theirs", [theirs])
    buckets.set_notifications(name, "belvedere/", [old])
    buckets.set_notifications(name, "belvedere/", [new])

    assert set(buckets.state(name).notifications) == {theirs, new}


def test_an_unknown_target_is_refused_by_its_name_and_nothing_changes(
    buckets: FakeBuckets | BucketAdmin, name: str
) -> None:
    known = NotificationRule("belvedere/known", FAST, EVENTS)
    buckets.create(name)
    buckets.set_notifications(name, "belvedere/", [known])

    with pytest.raises(UnknownTarget, match="arn:minio:sqs::NOWHERE:kafka"):
        buckets.set_notifications(
            name, "belvedere/", [NotificationRule("belvedere/x", "arn:minio:sqs::NOWHERE:kafka", EVENTS)]
        )

    assert buckets.state(name).notifications == (known,)
