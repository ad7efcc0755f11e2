from __future__ import annotations

import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from minio.commonconfig import ENABLED, Filter, Tag
from minio.lifecycleconfig import Expiration, LifecycleConfig, NoncurrentVersionExpiration, Rule

from belvedere.clients.bucket_admin import BucketAdmin, UnknownTarget
from belvedere.errors import AccessDenied, PermanentError, ServiceUnavailable
from belvedere.model.storage import CREATED_EVENTS, ExpiryRule, NotificationRule
from belvedere.model.tenant_state import LifecycleRule, ObjectLock

if TYPE_CHECKING:
    from minio import Minio
    from tests.harness.servers import Servers


@pytest.fixture(scope="module")
def admin(servers: Servers) -> BucketAdmin:
    instance = servers.minio()
    secrets = instance.secrets
    return BucketAdmin(instance.minio_endpoint, secrets.minio_root_user, secrets.minio_root_password)


def test_a_bucket_that_holds_something_is_not_empty(admin: BucketAdmin, s3: Minio, bucket: str) -> None:
    assert admin.state(bucket).empty
    s3.put_object(bucket, "deep/down/a.csv", io.BytesIO(b"x"), 1)

    assert not admin.state(bucket).empty


def test_lifecycle_rules_of_other_kinds_are_kept(admin: BucketAdmin, s3: Minio, bucket: str) -> None:
    theirs = Rule(ENABLED, rule_filter=Filter(prefix="tmp/"), rule_id="theirs", expiration=Expiration(days=3))
    s3.set_bucket_lifecycle(bucket, LifecycleConfig([theirs]))

    admin.set_expiry(bucket, ExpiryRule("ours", 9))

    config = s3.get_bucket_lifecycle(bucket)
    assert config is not None
    rules = {rule.rule_id: rule for rule in config.rules}
    assert set(rules) == {"theirs", "ours"}
    assert rules["theirs"].expiration is not None
    assert rules["theirs"].expiration.days == 3
    assert admin.state(bucket).expiry == (ExpiryRule("ours", 9),)


def test_an_unknown_target_says_what_to_set_where(admin: BucketAdmin, bucket: str) -> None:
    rule = NotificationRule("belvedere/x", "arn:minio:sqs::NOWHERE:kafka", (CREATED_EVENTS,))

    with pytest.raises(UnknownTarget, match=r"MINIO_NOTIFY_KAFKA_ENABLE_NOWHERE.*BELVEDERE_NOTIFICATION_ARN_FAST"):
        admin.set_notifications(bucket, "belvedere/", [rule])


def test_a_name_that_no_bucket_can_have_is_a_permanent_error(admin: BucketAdmin) -> None:
    for call in (admin.state, admin.create):
        with pytest.raises(PermanentError):
            call("No_Bucket")


def test_a_wrong_key_is_denied_without_being_repeated(servers: Servers) -> None:
    wrong = BucketAdmin(servers.minio().minio_endpoint, "WRONGKEYID", "wrong-secret")

    with pytest.raises(AccessDenied) as caught:
        wrong.names()
    assert "WRONGKEYID" not in str(caught.value)
    assert "wrong-secret" not in str(caught.value)


def test_a_store_that_is_away_is_unavailable() -> None:
    with pytest.raises(ServiceUnavailable):
        BucketAdmin("http://127.0.0.1:9", "a", "b").names()


def test_all_versions_go_with_their_bucket_even_under_governance(admin: BucketAdmin, s3: Minio) -> None:
    bucket = f"locked-{uuid.uuid4().hex[:12]}"
    admin.create_locked(bucket)
    admin.set_lock(bucket, ObjectLock("GOVERNANCE", 30))
    for _ in range(3):
        s3.put_object(bucket, "a/b c", io.BytesIO(b"x"), 1)
    s3.remove_object(bucket, "a/b c")
    assert admin.state(bucket).empty
    assert admin.holds_anything(bucket)

    admin.remove(bucket, with_objects=True)

    assert not admin.state(bucket).exists


def test_versions_under_compliance_stay_and_the_error_says_why(admin: BucketAdmin, s3: Minio) -> None:
    bucket = f"locked-{uuid.uuid4().hex[:12]}"
    admin.create_locked(bucket)
    s3.put_object(bucket, "free", io.BytesIO(b"x"), 1)
    admin.set_lock(bucket, ObjectLock("COMPLIANCE", 1))
    s3.put_object(bucket, "kept", io.BytesIO(b"x"), 1)

    with pytest.raises(PermanentError, match=f"1 versions in bucket {bucket}.*COMPLIANCE") as caught:
        admin.remove(bucket, with_objects=True)

    assert caught.value.code == "versions_locked"
    assert [found.object_name for found in s3.list_objects(bucket)] == ["kept"]


def test_more_versions_than_one_request_takes_are_removed(admin: BucketAdmin, s3: Minio, bucket: str) -> None:
    admin.enable_versioning(bucket)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: s3.put_object(bucket, f"k{number % 700}", io.BytesIO(b""), 0), range(1400)))

    admin.remove(bucket, with_objects=True)

    assert not admin.state(bucket).exists


@pytest.mark.parametrize(
    "changed",
    [
        Rule("Disabled", rule_filter=Filter(prefix="x/"), rule_id="ours-x", expiration=Expiration(days=3)),
        Rule(ENABLED, rule_filter=Filter(tag=Tag("a", "b")), rule_id="ours-x", expiration=Expiration(days=3)),
        Rule(
            ENABLED,
            rule_filter=Filter(prefix="x/"),
            rule_id="ours-x",
            expiration=Expiration(days=3),
            noncurrent_version_expiration=NoncurrentVersionExpiration(3, newer_noncurrent_versions=5),
        ),
    ],
    ids=["switched off", "of tagged objects only", "keeping some versions"],
)
def test_a_lifecycle_rule_that_was_changed_behind_our_back_does_not_count(
    admin: BucketAdmin, s3: Minio, bucket: str, changed: Rule
) -> None:
    ours = LifecycleRule("ours-x", "x/", expire_days=3)
    s3.set_bucket_lifecycle(bucket, LifecycleConfig([changed]))
    assert admin.lifecycle(bucket, "ours-") == ()

    admin.set_lifecycle(bucket, "ours-", [ours])
    assert admin.lifecycle(bucket, "ours-") == (ours,)
