"""Credentials are random, long, and of the form that their systems take."""

from __future__ import annotations

import re

from belvedere.tenants.drawing import draw_key, draw_key_secret, draw_password


def test_keys_have_the_form_of_access_keys_and_no_two_are_alike() -> None:
    keys = [draw_key() for _ in range(200)]

    assert all(re.fullmatch("[A-Z][A-Z0-9]{19}", key.identifier) for key in keys)
    assert all(re.fullmatch("[A-Za-z0-9]{40}", key.password) for key in keys)
    assert len({key.identifier for key in keys} | {key.password for key in keys}) == 400


def test_passwords_are_longer_than_mlflow_demands() -> None:
    assert all(re.fullmatch("[A-Za-z0-9]{32}", draw_password()) for _ in range(50))
    assert draw_password() != draw_password()
    assert draw_key_secret() != draw_key_secret()


def test_a_drawn_key_shows_nothing_of_itself() -> None:
    key = draw_key()

    assert key.identifier not in repr(key)
    assert key.password not in repr(key)
