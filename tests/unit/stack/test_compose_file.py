"""The compose file and the stack without Docker must not drift apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from stack.commands.docker_env import docker_environment
from stack.install.minio import VERSION
from stack.instance import Instance
from stack.paths import ROOT, Paths
from stack.ports import Ports
from stack.secrets import load_secrets
from stack.services.airflow_settings import airflow_environment
from stack.services.minio import minio
from stack.services.registry import NAMES

if TYPE_CHECKING:
    from pathlib import Path

# Inside its network the servers have other addresses than tenants reach them by.
ONLY_IN_COMPOSE = {"BELVEDERE_PUBLIC_MINIO_ENDPOINT", "BELVEDERE_PUBLIC_MLFLOW_URL"}
# Set in the image, or meaningless where the FAB auth manager is.
NOT_IN_COMPOSE = {
    "AIRFLOW_HOME",
    "PYTHONPATH",
    "MALLOC_ARENA_MAX",
    "MPLBACKEND",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    "AIRFLOW__CORE__HOSTNAME_CALLABLE",
    "AIRFLOW__API__HOST",
    "AIRFLOW__API__PORT",
    "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY",
}
# Whose value is the same with and without Docker.
TUNING = ("AIRFLOW__SCHEDULER__", "AIRFLOW__TRIGGERER__", "AIRFLOW__WORKERS__", "AIRFLOW__DAG_PROCESSOR__")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    monkeypatch.delenv("BELVEDERE_ISOLATION", raising=False)
    paths = Paths(root=ROOT, home=tmp_path, install=tmp_path)
    return Instance(paths=paths, ports=Ports(), secrets=load_secrets(tmp_path / "secrets.json"))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
    return found


def test_it_has_every_service_of_the_stack(compose: dict[str, Any]) -> None:
    assert set(NAMES) <= set(compose["services"])


@pytest.mark.parametrize("name", ["api-server", "scheduler", "dag-processor", "triggerer"])
def test_airflow_gets_the_same_settings_by_the_same_names(
    compose: dict[str, Any], instance: Instance, name: str
) -> None:
    ours = airflow_environment(instance)
    theirs = compose["services"][name]["environment"]
    assert set(ours) - NOT_IN_COMPOSE == set(theirs) - ONLY_IN_COMPOSE
    tuned = [key for key in ours if key.startswith(TUNING)]
    assert {key: theirs[key] for key in tuned} == {key: ours[key] for key in tuned}


def test_minio_gets_the_same_settings_by_the_same_names(compose: dict[str, Any], instance: Instance) -> None:
    ours = minio(instance).environment
    assert set(ours) - {"GOMEMLIMIT"} == set(compose["services"]["minio"]["environment"])


def test_minio_is_built_from_the_same_module_version() -> None:
    assert f"MINIO_VERSION={VERSION}" in (ROOT / "stack" / "docker" / "minio.Dockerfile").read_text()


def test_every_published_port_is_bound_to_loopback(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_example_and_the_generated_environment_name_the_same_variables(instance: Instance) -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = {line.split("=")[0] for line in lines if line and not line.startswith("#")}
    assert example == set(docker_environment(instance.secrets))


def test_every_long_running_service_has_a_health_check(compose: dict[str, Any]) -> None:
    without = {name for name, service in compose["services"].items() if "healthcheck" not in service}
    assert without == {"airflow-init", "provision-storage"}
