"""The fake buckets and the real ones, held against the same expectations."""

from __future__ import annotations

import uuid
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from tests.fakes.buckets import FakeBuckets

from belvedere.clients.bucket_admin import BucketAdmin, UnknownTarget
from belvedere.errors import BucketMissing, BucketNotEmpty, PermanentError
from belvedere.model.storage import CREATED_EVENTS, REMOVED_EVENTS, BucketState, ExpiryRule, NotificationRule
from belvedere.model.tenant_state import LifecycleRule, ObjectLock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from minio import Minio
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


def test_tags_are_taken_away_one_by_one(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    buckets.create(name)
    buckets.add_tags(name, {"theirs": "a", "ours": "b"})
    buckets.remove_tags(name, ["ours", "never-there"])
    assert buckets.tags(name) == {"theirs": "a"}

    buckets.remove_tags(name, ["theirs"])
    buckets.remove_tags(name, ["theirs"])
    assert buckets.tags(name) == {}


def test_a_bucket_with_tags_is_not_looked_into(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    buckets.create(name)
    assert buckets.state(name).empty
    buckets.add_tags(name, {"somebody": "is here"})
    assert not buckets.state(name).empty


def test_declared_lifecycle_rules_replace_ours_and_keep_others(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    theirs = LifecycleRule("theirs", "raw/", expire_days=90)
    old = [LifecycleRule("ours-a", expire_days=1), LifecycleRule("ours-b", "b/", 2, 3)]
    new = (LifecycleRule("ours-b", "b/", 5, 6), LifecycleRule("ours-c", "ü ber/", noncurrent_days=9))
    buckets.create(name)
    buckets.set_lifecycle(name, "theirs", [theirs])
    buckets.set_lifecycle(name, "ours-", old)
    buckets.set_lifecycle(name, "ours-", list(reversed(new)))

    assert buckets.lifecycle(name, "ours-") == new
    assert buckets.lifecycle(name, "theirs") == (theirs,)

    for prefix in ("ours-", "theirs", "theirs"):
        buckets.set_lifecycle(name, prefix, [])
    assert buckets.lifecycle(name, "") == ()


def test_a_bucket_made_with_object_lock_takes_a_retention(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    retention = ObjectLock("GOVERNANCE", 30)
    buckets.create_locked(name)
    buckets.create_locked(name)
    assert buckets.lock(name) == (True, None)
    assert buckets.state(name).versioning

    buckets.set_lock(name, retention)
    assert buckets.lock(name) == (True, retention)
    buckets.set_lock(name, None)
    assert buckets.lock(name) == (True, None)


def test_object_lock_cannot_be_had_later(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    buckets.create(name)
    buckets.create_locked(name)

    assert buckets.lock(name) == (False, None)
    with pytest.raises(PermanentError) as caught:
        buckets.set_lock(name, ObjectLock("COMPLIANCE", 1))
    assert caught.value.code == "not_lockable"


def test_an_empty_bucket_is_removed_and_removing_it_again_is_harmless(
    buckets: FakeBuckets | BucketAdmin, name: str
) -> None:
    buckets.create(name)
    assert not buckets.holds_anything(name)
    for with_objects in (False, False, True):
        buckets.remove(name, with_objects=with_objects)

    assert not buckets.state(name).exists


def test_a_bucket_that_holds_something_is_removed_only_with_it(
    buckets: FakeBuckets | BucketAdmin, name: str, request: pytest.FixtureRequest
) -> None:
    buckets.create(name)
    if isinstance(buckets, FakeBuckets):
        buckets.fill(name)
    else:
        put(request.getfixturevalue("s3"), name)

    assert buckets.holds_anything(name)
    with pytest.raises(BucketNotEmpty, match=name):
        buckets.remove(name, with_objects=False)
    assert buckets.state(name).exists
    buckets.remove(name, with_objects=True)
    assert not buckets.state(name).exists


def test_a_bucket_that_is_missing_is_told_as_such(buckets: FakeBuckets | BucketAdmin, name: str) -> None:
    assert buckets.lock(name) == (False, None)
    with pytest.raises(BucketMissing):
        buckets.lifecycle(name, "ours-")
    with pytest.raises(BucketMissing):
        buckets.holds_anything(name)


def put(s3: Minio, bucket: str, key: str = "an object") -> None:
    s3.put_object(bucket, key, BytesIO(b"bytes"), 5)
