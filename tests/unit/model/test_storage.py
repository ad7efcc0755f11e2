from __future__ import annotations

import pytest

from belvedere.model.storage import CREATED_EVENTS, REMOVED_EVENTS, NotificationRule

ARN = "arn:minio:sqs::FAST:kafka"
OURS = NotificationRule("ours", ARN, (CREATED_EVENTS, REMOVED_EVENTS))


@pytest.mark.parametrize(
    ("events", "prefix", "suffix"),
    [
        (("s3:ObjectCreated:*",), "", ""),
        (("s3:ObjectCreated:Put",), "runs/", ".csv"),
        (("s3:ObjectAccessed:Get", "s3:ObjectRemoved:Delete"), "", ""),
    ],
)
def test_a_rule_for_some_of_the_same_events_on_the_same_target_overlaps(
    events: tuple[str, ...], prefix: str, suffix: str
) -> None:
    other = NotificationRule("other", ARN, events, prefix, suffix)

    assert OURS.overlaps(other)
    assert other.overlaps(OURS)


@pytest.mark.parametrize(
    "other",
    [
        NotificationRule("other", "arn:minio:sqs::ELSE:kafka", (CREATED_EVENTS,)),
        NotificationRule("other", ARN, ("s3:ObjectAccessed:*",)),
        NotificationRule("other", ARN, ("s3:ObjectCreatedElsewhere:Put",)),
    ],
)
def test_another_target_or_other_events_do_not_overlap(other: NotificationRule) -> None:
    assert not OURS.overlaps(other)


def test_rules_for_different_prefixes_or_suffixes_do_not_overlap() -> None:
    def rule(prefix: str = "", suffix: str = "") -> NotificationRule:
        return NotificationRule("r", ARN, (CREATED_EVENTS,), prefix, suffix)

    assert not rule(prefix="a/").overlaps(rule(prefix="b/"))
    assert not rule(suffix=".csv").overlaps(rule(suffix=".png"))
    assert rule(prefix="a/").overlaps(rule(prefix="a/b/"))
    assert rule(suffix=".gz").overlaps(rule(suffix=".tar.gz"))
    assert rule(prefix="a/").overlaps(rule(suffix=".csv"))
