"""MLflow's client by itself: whose certificates it trusts."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx

from belvedere.clients import mlflow_api
from belvedere.clients.mlflow_api import MlflowApi
from belvedere.model.tenant_state import Secret

if TYPE_CHECKING:
    import pytest

LOGIN = Secret("admin", "a long password")


def test_the_authorities_are_read_once_and_only_for_https(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ssl.SSLContext] = []

    def make() -> ssl.SSLContext:
        made.append(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        return made[-1]

    mlflow_api._trust.cache_clear()
    monkeypatch.setattr(httpx, "create_ssl_context", make)

    MlflowApi("http://mlflow:5000", LOGIN, "admin")
    assert made == []

    MlflowApi("https://mlflow", LOGIN, "admin")
    MlflowApi("https://mlflow", LOGIN, "admin")
    assert len(made) == 1
    mlflow_api._trust.cache_clear()


def test_without_https_nobody_is_trusted_rather_than_everybody() -> None:
    trust = mlflow_api._trust(encrypted=False)

    assert trust.verify_mode is ssl.CERT_REQUIRED
    assert trust.get_ca_certs() == []
