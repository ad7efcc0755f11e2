from __future__ import annotations

import json
import stat
from dataclasses import asdict
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet
from stack.private_files import write_private
from stack.secrets import load_secrets

if TYPE_CHECKING:
    from pathlib import Path

FERNET_KEYS = ("airflow_fernet_key", "credentials_key")
SHORTEST_MLFLOW_PASSWORD = 12


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_and_found_again(tmp_path: Path) -> None:
    file = tmp_path / "home" / "secrets.json"
    assert asdict(load_secrets(file)) == asdict(load_secrets(file))


def test_two_stacks_share_no_secret(tmp_path: Path) -> None:
    one, other = (asdict(load_secrets(tmp_path / name / "secrets.json")) for name in ("one", "other"))
    assert not set(one.values()) & set(other.values())
    assert len(set(one.values())) == len(one)


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    load_secrets(file)
    assert mode_of(file) == 0o600


def test_a_file_that_was_open_to_all_is_closed_when_it_is_written_again(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert (file.read_text(), mode_of(file)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_secrets_that_a_newer_version_needs_are_added_and_the_old_ones_stay(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    before = asdict(load_secrets(file))
    kept = {name: value for name, value in before.items() if name != "capability_secret"}
    file.write_text(json.dumps(kept))
    after = asdict(load_secrets(file))
    assert {name: after[name] for name in kept} == kept
    assert after["capability_secret"] not in ("", before["capability_secret"])
    assert json.loads(file.read_text()) == after
    assert mode_of(file) == 0o600


def test_every_secret_is_one_that_its_server_takes(tmp_path: Path) -> None:
    secrets = load_secrets(tmp_path / "secrets.json")
    for key in FERNET_KEYS:
        Fernet(getattr(secrets, key))
    assert len(secrets.mlflow_admin_password) >= SHORTEST_MLFLOW_PASSWORD
    # Passwords stand in database addresses and in supervisord's file: neither may need escaping.
    plain = {name: value for name, value in asdict(secrets).items() if name not in FERNET_KEYS}
    assert all(value.isalnum() for value in plain.values())


def test_printing_the_secrets_shows_none_of_them(tmp_path: Path) -> None:
    secrets = load_secrets(tmp_path / "secrets.json")
    shown = f"{secrets} {secrets!r}"
    assert not [value for value in asdict(secrets).values() if value in shown]
