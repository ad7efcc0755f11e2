from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.errors import ConfigurationError
from belvedere.gallery.capability import CapabilityExpired, CapabilityRefused, Grant, Signer

ARTIFACT = "0123456789abcdef01234567"
GRANT = Grant(ARTIFACT, 1795319520123, "page.html")


class Clock:
    """A clock that stands where the test puts it."""

    def __init__(self, now: float = 1_795_319_500.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def parts(address: str) -> tuple[str, str]:
    token, _, name = address.partition("/")
    return token, name


def test_an_address_permits_what_it_was_given_for() -> None:
    signer = Signer("secret", 300)

    assert signer.check(*parts(signer.address(GRANT))) == GRANT


def test_an_address_stays_the_same_for_a_minute_so_that_browsers_can_cache() -> None:
    clock = Clock(60_000.0)
    signer = Signer("secret", 300, clock)
    first = signer.address(GRANT)
    clock.now += 59

    assert signer.address(GRANT) == first

    clock.now += 1

    assert signer.address(GRANT) != first


def test_no_address_lives_longer_than_its_life_nor_shorter_than_a_minute_less() -> None:
    for start in (60_000.0, 60_030.0, 60_059.9):
        clock = Clock(start)
        signer = Signer("secret", 300, clock)
        address = parts(signer.address(GRANT))
        clock.now = start + 240
        assert signer.check(*address) == GRANT
        clock.now = start + 300.1
        with pytest.raises(CapabilityExpired, match="expired"):
            signer.check(*address)


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_a_changed_character_spoils_the_address(at: int, other: str) -> None:
    signer = Signer("secret", 300)
    token, name = parts(signer.address(GRANT))
    at %= len(token)
    changed = token[:at] + other + token[at + 1 :]

    if changed != token:
        with pytest.raises(CapabilityRefused):
            signer.check(changed, name)


@pytest.mark.parametrize("name", ["source", "figure.svg", "page.htm", "page.html/", "../page.html", ""])
def test_an_address_is_good_for_its_own_file_only(name: str) -> None:
    signer = Signer("secret", 300)
    token, _ = parts(signer.address(GRANT))

    with pytest.raises(CapabilityRefused):
        signer.check(token, name)


def test_another_secret_signs_other_addresses() -> None:
    token, name = parts(Signer("one", 300).address(GRANT))

    with pytest.raises(CapabilityRefused):
        Signer("two", 300).check(token, name)


def test_a_later_expiry_cannot_be_written_into_an_address() -> None:
    signer = Signer("secret", 300)
    token, name = parts(signer.address(GRANT))
    artifact, revision, expiry, mac = token.split(".")

    with pytest.raises(CapabilityRefused):
        signer.check(f"{artifact}.{revision}.{int(expiry) + 3600}.{mac}", name)


def test_without_a_secret_nothing_is_signed() -> None:
    with pytest.raises(ConfigurationError, match="BELVEDERE_CAPABILITY_SECRET"):
        Signer("", 300)


@given(st.text())
def test_any_file_name_survives_its_way_through_an_address(name: str) -> None:
    from urllib.parse import unquote

    signer = Signer("secret", 300)
    grant = Grant(ARTIFACT, 0, name.encode("utf-8", "replace").decode())
    token, quoted = parts(signer.address(grant))

    assert signer.check(token, unquote(quoted)) == grant
