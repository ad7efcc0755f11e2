from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from minio.commonconfig import ENABLED, Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule

from belvedere.clients.bucket_admin import BucketAdmin, UnknownTarget
from belvedere.errors import AccessDenied, PermanentError, ServiceUnavailable
from belvedere.model.storage import CREATED_EVENTS, ExpiryRule, NotificationRule

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
