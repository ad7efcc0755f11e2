"""How to reach Kafka: what the Airflow connection of the Kafka provider says, as the provider reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.apache.kafka.hooks.base import KafkaBaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from belvedere.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class KafkaConfigHook(KafkaBaseHook):
    """The provider's hook, giving the client configuration itself instead of one kind of client."""

    def _get_client(self, config: dict[str, Any]) -> Any:
        return dict(config)


def kafka_config(connection_id: str) -> Mapping[str, Any]:
    """Return the librdkafka configuration of an Airflow connection.

    Raises:
        ConfigurationError: there is no such connection, or it names no brokers.
    """
    try:
        config: Mapping[str, Any] = KafkaConfigHook(connection_id).get_conn  # type: ignore[no-untyped-call]
    except AirflowNotFoundException as error:
        raise ConfigurationError(
            f"Airflow has no connection {connection_id}: create it (type Apache Kafka, "
            'extra {"bootstrap.servers": "host:port"}) in Admin > Connections or by '
            f"AIRFLOW_CONN_{connection_id.upper()}"
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"the Airflow connection {connection_id} cannot be used: {error}") from error
    return config
