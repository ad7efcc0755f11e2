"""Bodies of MinIO's admin calls: sealed as MinIO reads them, each in its own way, and cheaply."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from belvedere.clients.minio_sealing import MOST_BYTES, PBKDF2_AES_GCM, PBKDF2_ROUNDS, seal

SECRET_KEY = "a secret key of an administrator"
BODY = b'{"status": "enabled"}'


def opened(sealed: bytes, secret_key: str) -> bytes:
    """Read a sealed body as madmin-go's DecryptData does."""
    salt, way, nonce, chunk = sealed[:32], sealed[32:33], sealed[33:41], sealed[41:]
    assert way == PBKDF2_AES_GCM
    cipher = AESGCM(hashlib.pbkdf2_hmac("sha256", secret_key.encode(), salt, PBKDF2_ROUNDS, 32))
    last = b"\x80" + cipher.encrypt(nonce + bytes(4), b"", None)
    return cipher.decrypt(nonce + b"\x01\x00\x00\x00", chunk, last)


def test_who_has_the_secret_key_reads_the_body_and_nobody_else_does() -> None:
    sealed = seal(BODY, SECRET_KEY)

    assert opened(sealed, SECRET_KEY) == BODY
    assert BODY not in sealed
    with pytest.raises(InvalidTag):
        opened(sealed, "another secret key")


def test_the_same_body_is_never_sealed_alike() -> None:
    assert seal(BODY, SECRET_KEY) != seal(BODY, SECRET_KEY)


def test_a_body_that_needs_a_second_chunk_is_refused() -> None:
    assert opened(seal(b"x" * MOST_BYTES, SECRET_KEY), SECRET_KEY) == b"x" * MOST_BYTES
    with pytest.raises(ValueError, match="16385 bytes"):
        seal(b"x" * (MOST_BYTES + 1), SECRET_KEY)
