from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from belvedere.errors import ConfigurationError
from belvedere.orchestration.broker import KafkaConfigHook, kafka_config


def connection(extra: dict[str, Any]) -> Any:
    return classmethod(lambda _hook, conn_id: Connection(conn_id=conn_id, conn_type="kafka", extra=json.dumps(extra)))


def test_the_connections_extra_is_the_clients_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"bootstrap.servers": "kafka:9092", "security.protocol": "SASL_SSL"}
    monkeypatch.setattr(KafkaConfigHook, "get_connection", connection(extra))

    assert kafka_config("belvedere_kafka") == extra


def test_a_missing_connection_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_hook: type, _conn_id: str) -> Any:
        raise AirflowNotFoundException("not there")

    monkeypatch.setattr(KafkaConfigHook, "get_connection", classmethod(missing))

    with pytest.raises(ConfigurationError, match=r"belvedere_kafka.*AIRFLOW_CONN_BELVEDERE_KAFKA"):
        kafka_config("belvedere_kafka")


def test_a_connection_without_brokers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KafkaConfigHook, "get_connection", connection({"group.id": "x"}))

    with pytest.raises(ConfigurationError, match=r"bootstrap\.servers"):
        kafka_config("belvedere_kafka")
