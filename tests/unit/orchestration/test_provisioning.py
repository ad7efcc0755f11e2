from __future__ import annotations

from typing import Any

import pytest

from belvedere.errors import ConfigurationError
from belvedere.orchestration.provisioning import specs
from belvedere.orchestration.tenant_systems import deployment
from belvedere.settings import Settings

PARAMS: dict[str, Any] = {
    "mode": "apply",
    "buckets": ["models", "plots", "models"],
    "tenant": None,
    "versioning": True,
    "renderings_expire_days": 30,
    "adopt": False,
    "probe_seconds": 30,
}


def test_each_bucket_is_its_own_tenants_unless_one_is_named() -> None:
    assert [(spec.bucket, spec.tenant) for spec in specs(PARAMS, Settings())] == [
        ("models", "models"),
        ("plots", "plots"),
    ]
    assert {spec.tenant for spec in specs({**PARAMS, "tenant": "team"}, Settings())} == {"team"}


def test_the_settings_name_renderings_buckets_targets_and_topic() -> None:
    known = Settings(
        renderings_suffix="-pictures", notification_arn_fast="arn:f", kafka_topic="events", kafka_retention_days=3
    )

    spec = specs(PARAMS, known)[0]

    assert spec.renderings_bucket == "models-pictures"
    assert spec.arns["fast"] == "arn:f"
    assert (spec.topic.name, spec.topic.partitions, spec.topic.retention_ms) == ("events", 4, 3 * 86_400_000)


def test_tenants_hold_the_topic_to_what_buckets_alone_do() -> None:
    known = Settings(kafka_retention_days=3)

    assert deployment(known).topic == specs(PARAMS, known)[0].topic


def test_a_bucket_that_looks_like_a_renderings_bucket_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="models-renderings"):
        specs({**PARAMS, "buckets": ["models-renderings"]}, Settings())
