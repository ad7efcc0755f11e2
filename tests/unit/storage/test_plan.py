from __future__ import annotations

from dataclasses import replace

import pytest
from tests.harness.storage import DURABLE, FAST, nothing_there, storage_spec

from belvedere.errors import ForeignResource
from belvedere.model.storage import (
    CREATED_EVENTS,
    BucketState,
    ExpiryRule,
    NotificationRule,
    Registration,
    StorageState,
    TopicState,
)
from belvedere.storage.changes import (
    AddPartitions,
    CreateBucket,
    CreateTopic,
    EnableVersioning,
    RegisterSource,
    SetExpiry,
    SetNotifications,
    SetRetention,
    TagBucket,
)
from belvedere.storage.ownership import Role, ownership_tags
from belvedere.storage.plan import EXPIRY_RULE_ID, own_rules, plan

SPEC = storage_spec()


def as_it_should_be() -> StorageState:
    return StorageState(
        source=BucketState(
            SPEC.bucket,
            exists=True,
            empty=False,
            versioning=True,
            tags=ownership_tags(SPEC, Role.SOURCE),
            notifications=own_rules(SPEC),
        ),
        renderings=BucketState(
            SPEC.renderings_bucket,
            exists=True,
            empty=False,
            versioning=True,
            tags=ownership_tags(SPEC, Role.RENDERINGS),
            expiry=(ExpiryRule(EXPIRY_RULE_ID, SPEC.renderings_expire_days),),
        ),
        topic=TopicState("artifacts", exists=True, partitions=4, retention_ms=SPEC.topic.retention_ms),
        registered=Registration("team", SPEC.renderings_bucket),
    )


def changes_of(state: StorageState) -> list[object]:
    return [planned.change for planned in plan(SPEC, state).changes]


def test_nothing_there_means_everything_is_made_topic_first_and_notifications_last() -> None:
    kinds = [type(change) for change in changes_of(nothing_there(SPEC))]

    assert kinds == [
        CreateTopic,
        CreateBucket,
        TagBucket,
        EnableVersioning,
        CreateBucket,
        TagBucket,
        EnableVersioning,
        SetExpiry,
        RegisterSource,
        SetNotifications,
    ]


def test_what_is_as_it_should_be_needs_nothing() -> None:
    made = plan(SPEC, as_it_should_be())

    assert made.changes == ()
    assert str(made) == "Storage of bucket models: nothing to do."


def test_a_plan_says_every_change_with_its_reason() -> None:
    text = str(plan(SPEC, nothing_there(SPEC)))

    assert "1. create topic artifacts with 4 partitions  (there is no such topic)" in text
    assert f"10. send created and removed events of bucket models to {DURABLE} and {FAST}" in text


def test_the_order_of_a_rules_events_is_no_difference() -> None:
    state = as_it_should_be()
    turned = tuple(replace(rule, events=rule.events[::-1]) for rule in state.source.notifications)

    assert changes_of(replace(state, source=replace(state.source, notifications=turned))) == []


def test_a_missing_rule_is_set_again_and_named() -> None:
    state = as_it_should_be()
    fast_only = tuple(rule for rule in state.source.notifications if rule.arn == FAST)
    made = plan(SPEC, replace(state, source=replace(state.source, notifications=fast_only)))

    assert [planned.change for planned in made.changes] == [SetNotifications("models", "belvedere/", own_rules(SPEC))]
    assert "belvedere/models/durable" in made.changes[0].reason
    assert "belvedere/models/fast" not in made.changes[0].reason


def test_an_outdated_rule_of_ours_is_replaced() -> None:
    state = as_it_should_be()
    outdated = NotificationRule("belvedere/models/old", "arn:minio:sqs::OLD:kafka", (CREATED_EVENTS,))
    source = replace(state.source, notifications=(*state.source.notifications, outdated))

    assert [type(change) for change in changes_of(replace(state, source=source))] == [SetNotifications]


def test_a_topic_grows_but_never_shrinks() -> None:
    state = as_it_should_be()

    def with_partitions(number: int) -> StorageState:
        return replace(state, topic=replace(state.topic, partitions=number))

    assert changes_of(with_partitions(2)) == [AddPartitions("artifacts", 4)]
    assert changes_of(with_partitions(8)) == []


def test_another_retention_is_corrected() -> None:
    state = as_it_should_be()
    forever = replace(state, topic=replace(state.topic, retention_ms=-1))

    assert changes_of(forever) == [SetRetention("artifacts", SPEC.topic.retention_ms)]
    assert "for ever" in plan(SPEC, forever).changes[0].reason


def test_another_expiry_is_corrected() -> None:
    state = as_it_should_be()
    renderings = replace(state.renderings, expiry=(ExpiryRule(EXPIRY_RULE_ID, 5), ExpiryRule("theirs", 1)))

    assert changes_of(replace(state, renderings=renderings)) == [
        SetExpiry("models-renderings", ExpiryRule(EXPIRY_RULE_ID, 90))
    ]


def test_a_bucket_without_versions_is_left_so_when_none_are_wanted() -> None:
    spec = replace(SPEC, versioning=False)
    state = as_it_should_be()

    assert plan(spec, replace(state, source=replace(state.source, versioning=False))).changes == ()


def test_a_bucket_registered_otherwise_is_registered_again() -> None:
    state = replace(as_it_should_be(), registered=Registration("others", SPEC.renderings_bucket))

    assert changes_of(state) == [RegisterSource("models", Registration("team", "models-renderings"))]


def test_an_empty_bucket_that_nobody_marked_is_taken() -> None:
    state = replace(nothing_there(SPEC), source=BucketState("models", exists=True))

    assert CreateBucket("models") not in changes_of(state)
    assert TagBucket("models", ownership_tags(SPEC, Role.SOURCE)) in changes_of(state)


@pytest.mark.parametrize(
    "foreign",
    [
        BucketState("models", exists=True, empty=False),
        BucketState("models", exists=True, tags={"owner": "somebody"}),
        BucketState("models", exists=True, notifications=(NotificationRule("x", "arn:x", (CREATED_EVENTS,)),)),
    ],
    ids=["holds objects", "is tagged", "has rules"],
)
def test_a_foreign_bucket_is_refused_until_adopted(foreign: BucketState) -> None:
    state = replace(nothing_there(SPEC), source=foreign)

    with pytest.raises(ForeignResource, match="adopt = true"):
        plan(SPEC, state)

    adopted = [planned.change for planned in plan(replace(SPEC, adopt=True), state).changes]
    assert TagBucket("models", ownership_tags(SPEC, Role.SOURCE)) in adopted


def test_a_foreign_renderings_bucket_is_refused_as_well() -> None:
    state = replace(nothing_there(SPEC), renderings=BucketState("models-renderings", exists=True, empty=False))

    with pytest.raises(ForeignResource, match="models-renderings"):
        plan(SPEC, state)


@pytest.mark.parametrize("adopt", [False, True])
def test_a_bucket_of_another_tenant_of_ours_cannot_be_had_at_all(adopt: bool) -> None:
    theirs = ownership_tags(replace(SPEC, tenant="others"), Role.SOURCE)
    state = replace(nothing_there(SPEC), source=BucketState("models", exists=True, tags=theirs))

    with pytest.raises(ForeignResource, match="belvedere-tenant=others"):
        plan(replace(SPEC, adopt=adopt), state)


def test_a_renderings_bucket_cannot_become_a_source() -> None:
    tags = ownership_tags(SPEC, Role.RENDERINGS)
    state = replace(nothing_there(SPEC), source=BucketState("models", exists=True, tags=tags))

    with pytest.raises(ForeignResource, match="belvedere-role=renderings"):
        plan(replace(SPEC, adopt=True), state)


def test_an_overlapping_foreign_rule_is_refused_by_its_name_until_adopted() -> None:
    state = as_it_should_be()
    theirs = NotificationRule("theirs", FAST, ("s3:ObjectCreated:Put",), prefix="runs/")
    crowded = replace(state, source=replace(state.source, notifications=(*state.source.notifications, theirs)))

    with pytest.raises(ForeignResource, match="rule theirs"):
        plan(SPEC, crowded)
    assert plan(replace(SPEC, adopt=True), crowded).changes == ()


def test_a_foreign_rule_for_another_target_is_nobodys_business() -> None:
    state = as_it_should_be()
    theirs = NotificationRule("theirs", "arn:minio:sqs::THEIRS:kafka", (CREATED_EVENTS,))

    assert changes_of(replace(state, source=replace(state.source, notifications=(*own_rules(SPEC), theirs)))) == []


def test_every_objection_is_said_at_once() -> None:
    state = replace(
        nothing_there(SPEC),
        source=BucketState("models", exists=True, empty=False),
        renderings=BucketState("models-renderings", exists=True, empty=False),
    )

    with pytest.raises(ForeignResource, match=r"bucket models exists.*bucket models-renderings exists"):
        plan(SPEC, state)
