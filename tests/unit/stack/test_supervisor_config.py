from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stack.errors import StackError
from stack.instance import Instance
from stack.paths import ROOT, Paths
from stack.ports import Ports
from stack.secrets import load_secrets
from stack.services.airflow import code_digest
from stack.services.registry import NAMES, all_services
from stack.services.service import Service
from stack.supervisor.config import MARK_HOME, MARK_SERVICE, render_config, write_config
from supervisor.options import ServerOptions

if TYPE_CHECKING:
    from supervisor.options import ProcessConfig


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(root=ROOT, home=tmp_path / "home", install=tmp_path / "install")


@pytest.fixture
def instance(paths: Paths) -> Instance:
    return Instance(paths=paths, ports=Ports(), secrets=load_secrets(paths.home / "secrets.json"))


def understood(paths: Paths) -> dict[str, ProcessConfig]:
    """Read the file as supervisord does."""
    paths.logs.mkdir(parents=True, exist_ok=True)
    options = ServerOptions()
    options.realize(["--configuration", str(paths.supervisor_config), "--nodaemon"])
    return {process.name: process for group in options.process_group_configs for process in group.process_configs}


def service(**changes: object) -> Service:
    return Service(**{"name": "x", "command": ("true",), "healthy": lambda _since: True, **changes})


def test_supervisord_understands_every_service(paths: Paths, instance: Instance) -> None:
    services = all_services(instance)
    write_config(paths, services)
    found = understood(paths)
    assert {each.name for each in services} == set(NAMES)
    assert set(found) == {*NAMES, "reaper"}
    for each in services:
        environment = {
            key: value for key, value in found[each.name].environment.items() if key not in (MARK_HOME, MARK_SERVICE)
        }
        assert environment == dict(each.environment)
        assert found[each.name].environment[MARK_HOME] == str(paths.home)
        assert found[each.name].environment[MARK_SERVICE] == each.name
        assert found[each.name].killasgroup


def test_no_secret_stands_on_a_command_line(paths: Paths, instance: Instance) -> None:
    secrets = [getattr(instance.secrets, name) for name in instance.secrets.__slots__]
    shown = " ".join(" ".join(each.command) for each in all_services(instance))
    assert not [secret for secret in secrets if secret in shown]


def test_the_file_that_holds_the_environments_is_private(paths: Paths) -> None:
    write_config(paths, [service()])
    assert stat.S_IMODE(paths.supervisor_config.stat().st_mode) == 0o600


def test_a_change_is_told_and_a_repetition_is_not(paths: Paths) -> None:
    assert write_config(paths, [service()])
    assert not write_config(paths, [service()])
    assert write_config(paths, [service(command=("false",))])


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_an_environment_arrives_as_it_was_given_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    home = tmp_path_factory.getbasetemp() / "supervisor"
    paths = Paths(root=ROOT, home=home, install=home)
    try:
        write_config(paths, [service(environment={"VALUE": value})])
    except StackError:
        return
    assert understood(paths)["x"].environment["VALUE"] == value


def test_other_code_is_another_setting_so_that_airflow_is_restarted(tmp_path: Path) -> None:
    (tmp_path / "include").mkdir()
    code = tmp_path / "include" / "x.py"
    code.write_text("1")
    before = code_digest(tmp_path)
    assert code_digest(tmp_path) == before
    code.write_text("2")
    assert code_digest(tmp_path) != before


def test_a_line_break_in_a_value_is_refused(paths: Paths) -> None:
    with pytest.raises(StackError, match="line breaks"):
        render_config(paths, [service(environment={"VALUE": "a\nb"})])


def test_a_data_folder_with_a_long_name_gets_a_socket_elsewhere(tmp_path: Path) -> None:
    long = Paths(root=ROOT, home=tmp_path / ("deep/" * 30), install=tmp_path)
    assert len(str(long.supervisor_socket)) < 108
    assert long.identity in long.supervisor_socket.name


def test_two_data_folders_share_no_socket() -> None:
    one, other = (Paths(root=ROOT, home=Path("/x") / ("deep/" * 30) / name, install=ROOT) for name in "ab")
    assert one.supervisor_socket != other.supervisor_socket
