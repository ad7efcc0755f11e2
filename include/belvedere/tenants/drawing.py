"""Random credentials. Ids of access keys are drawn too: whoever knows one may be able to write with it."""

from __future__ import annotations

import secrets
import string

from belvedere.model.tenant_state import Secret

KEY_ID_LENGTH = 20
KEY_SECRET_LENGTH = 40
PASSWORD_LENGTH = 32
KEY_ID_SIGNS = string.ascii_uppercase + string.digits
PASSWORD_SIGNS = string.ascii_letters + string.digits


def draw_key() -> Secret:
    """Return a new access key of the object store, or a new user of it: both have the same form."""
    identifier = secrets.choice(string.ascii_uppercase) + _draw(KEY_ID_SIGNS, KEY_ID_LENGTH - 1)
    return Secret(identifier, draw_key_secret())


def draw_key_secret() -> str:
    """Return a new secret of an access key, or password of a user of the object store."""
    return _draw(PASSWORD_SIGNS, KEY_SECRET_LENGTH)


def draw_password() -> str:
    """Return a new password of a user at MLflow."""
    return _draw(PASSWORD_SIGNS, PASSWORD_LENGTH)


def _draw(signs: str, length: int) -> str:
    return "".join(secrets.choice(signs) for _ in range(length))
