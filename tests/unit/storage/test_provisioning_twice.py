"""Applying plans to fakes: whatever is there before, one apply suffices, and what is foreign survives it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.buckets import FakeBuckets, FakeSources, FakeTopics
from tests.harness.storage import DURABLE, FAST, storage_spec

from belvedere.model.storage import ExpiryRule, NotificationRule, TopicSpec
from belvedere.storage.plan import Plan, plan
from belvedere.storage.provisioner import Provisioner

OTHER_ARNS = ("arn:minio:sqs::OTHER:kafka", "arn:minio:sqs::HOOK:webhook")
SPEC = storage_spec(adopt=True)


names = st.text("abcdef/-", min_size=1, max_size=12)
foreign_rules = st.lists(
    st.builds(
        NotificationRule,
        rule_id=names.map(lambda name: f"theirs-{name}"),
        arn=st.sampled_from([*OTHER_ARNS, FAST]),
        events=st.sampled_from([("s3:ObjectCreated:*",), ("s3:ObjectRemoved:Delete", "s3:ObjectAccessed:Get")]),
        prefix=st.sampled_from(["", "runs/"]),
    ),
    max_size=4,
    unique_by=lambda rule: rule.rule_id,
)
foreign_tags = st.dictionaries(names.map(lambda name: f"theirs-{name}"), names, max_size=4)
foreign_expiry = st.lists(
    st.builds(ExpiryRule, rule_id=names.map(lambda name: f"theirs-{name}"), days=st.integers(1, 99)),
    max_size=3,
    unique_by=lambda rule: rule.rule_id,
)


@given(rules=foreign_rules, tags=foreign_tags, expiry=foreign_expiry, partitions=st.integers(1, 8))
def test_one_apply_suffices_and_everything_foreign_survives(
    rules: list[NotificationRule], tags: dict[str, str], expiry: list[ExpiryRule], partitions: int
) -> None:
    buckets, topics = FakeBuckets([FAST, DURABLE, *OTHER_ARNS]), FakeTopics()
    for bucket in (SPEC.bucket, SPEC.renderings_bucket):
        buckets.create(bucket)
        buckets.fill(bucket)
        buckets.add_tags(bucket, tags)
        buckets.set_notifications(bucket, "theirs-", rules)
        for rule in expiry:
            buckets.set_expiry(bucket, rule)
    topics.create(TopicSpec("artifacts", partitions, 1000), 1)
    provisioner = Provisioner(buckets, topics, FakeSources())

    provisioner.apply(plan(SPEC, provisioner.observe(SPEC)))

    assert plan(SPEC, provisioner.observe(SPEC)).changes == ()
    for bucket in (SPEC.bucket, SPEC.renderings_bucket):
        state = buckets.state(bucket)
        assert tags.items() <= state.tags.items()
        assert set(rules) <= set(state.notifications)
        assert set(expiry) <= set(state.expiry)
    assert buckets.state(SPEC.renderings_bucket).notifications == tuple(rules)


@given(interrupted_after=st.integers(0, 9))
def test_an_apply_that_died_half_way_is_simply_run_again(interrupted_after: int) -> None:
    spec = storage_spec()
    provisioner = Provisioner(FakeBuckets([FAST, DURABLE]), FakeTopics(), FakeSources())
    whole = plan(spec, provisioner.observe(spec))

    provisioner.apply(Plan(whole.bucket, whole.changes[:interrupted_after]))
    rest = plan(spec, provisioner.observe(spec))
    provisioner.apply(rest)

    assert len(rest.changes) == len(whole.changes) - interrupted_after
    assert plan(spec, provisioner.observe(spec)).changes == ()
