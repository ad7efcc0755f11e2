from __future__ import annotations

import json
import socket
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stack.errors import StackError
from stack.ports import HOST, NAMES, Ports, free_ports, is_free, plan_ports, save_ports

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ports.json"


def test_without_wishes_the_defaults_are_taken(file: Path) -> None:
    assert plan_ports(file, {}) == Ports()


def test_each_port_can_be_set_by_its_variable(file: Path) -> None:
    wishes = {f"BELVEDERE_PORT_{name.upper()}": str(20000 + i) for i, name in enumerate(NAMES)}
    assert asdict(plan_ports(file, wishes)) == {name: 20000 + i for i, name in enumerate(NAMES)}


def test_a_saved_plan_is_found_again_and_a_variable_overrides_it(file: Path) -> None:
    save_ports(file, plan_ports(file, {"BELVEDERE_PORT_AIRFLOW": "21001", "BELVEDERE_PORT_MINIO": "21002"}))
    found = plan_ports(file, {"BELVEDERE_PORT_MINIO": "21003"})
    assert (found.airflow, found.minio) == (21001, 21003)


def test_free_ports_are_different_and_nobody_listens_on_them(file: Path) -> None:
    plan = asdict(plan_ports(file, {"BELVEDERE_PORTS": "free"}))
    assert len(set(plan.values())) == len(NAMES)
    assert all(is_free(port) for port in plan.values())


def test_free_ports_stay_once_they_are_saved(file: Path) -> None:
    first = plan_ports(file, {"BELVEDERE_PORTS": "free"})
    save_ports(file, first)
    assert plan_ports(file, {"BELVEDERE_PORTS": "free"}) == first


def test_a_plan_saved_by_an_older_version_is_completed(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(json.dumps({"airflow": 22001}))
    assert plan_ports(file, {}) == Ports(airflow=22001)


def test_a_port_with_a_listener_is_not_free() -> None:
    [port] = free_ports(1)
    with socket.socket() as listener:
        listener.bind((HOST, port))
        listener.listen()
        assert not is_free(port)
    assert is_free(port)


@given(st.one_of(st.text(min_size=1).filter(str.strip), st.integers(max_value=0).map(str), st.integers(65536).map(str)))
def test_what_is_no_port_number_is_refused_by_name(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    if text.strip().isascii() and text.strip().isdecimal() and 0 < int(text) < 65536:
        return
    with pytest.raises(StackError, match="BELVEDERE_PORT_KAFKA"):
        plan_ports(tmp_path_factory.getbasetemp() / "none.json", {"BELVEDERE_PORT_KAFKA": text})


def test_one_port_for_two_doors_is_refused(file: Path) -> None:
    with pytest.raises(StackError, match=r"9000 is asked for twice.*MINIO.*MLFLOW"):
        plan_ports(file, {"BELVEDERE_PORT_MLFLOW": "9000"})
