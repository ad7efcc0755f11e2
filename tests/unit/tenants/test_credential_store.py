"""Sealing of credentials, without a catalog."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from belvedere.errors import ConfigurationError, CredentialSealed
from belvedere.model.tenant_state import Secret
from belvedere.tenants.credential_store import SETTING, Seals

SECRET = Secret("AKIDENTIFIER00000001", "s3cr3t-päss\nword")
FORMER, LATER = (Fernet.generate_key().decode() for _ in range(2))


def test_what_is_sealed_is_opened_by_the_same_key() -> None:
    seals = Seals.of(FORMER)

    assert seals.open("id", seals.seal(SECRET)) == SECRET


def test_the_first_key_seals_and_every_key_opens() -> None:
    old = Seals.of(FORMER).seal(SECRET)
    both = Seals.of(f" {LATER} , {FORMER},")

    assert both.open("id", old) == SECRET
    assert Seals.of(LATER).open("id", both.seal(SECRET)) == SECRET
    with pytest.raises(CredentialSealed):
        Seals.of(FORMER).open("id", both.seal(SECRET))


def test_only_what_another_key_sealed_needs_the_first_one() -> None:
    old = Seals.of(FORMER).seal(SECRET)
    both = Seals.of(f"{LATER},{FORMER}")

    assert both.needs_reseal(old)
    assert not both.needs_reseal(both.reseal("id", old))
    assert Seals.of(LATER).open("id", both.reseal("id", old)) == SECRET


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_damaged_bytes_stay_sealed(damage: str) -> None:
    sealed = Seals.of(FORMER).seal(SECRET)
    damaged = {"cut": sealed[:-5], "changed": sealed[:40] + b"AAAA" + sealed[44:], "empty": b""}[damage]

    with pytest.raises(CredentialSealed, match="the-id"):
        Seals.of(FORMER).open("the-id", damaged)


@pytest.mark.parametrize("keys", ["", " , "])
def test_without_a_key_nothing_is_kept(keys: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{SETTING} is empty"):
        Seals.of(keys)


@pytest.mark.parametrize("word", ["hunter2", "pässword", FORMER[:-3], "x" * 44])
def test_a_malformed_key_is_named_by_its_place_and_never_repeated(word: str) -> None:
    with pytest.raises(ConfigurationError, match="key 2 is malformed") as raised:
        Seals.of(f"{FORMER},{word}")

    assert word not in str(raised.value)
    assert FORMER not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_no_repr_shows_a_key() -> None:
    shown = repr(Seals.of(FORMER)) + str(Seals.of(FORMER))

    assert FORMER not in shown
    assert "Fernet" not in shown
