"""Bodies of MinIO's admin calls, which it wants encrypted with the caller's secret key.

MinIO's format names the way that the key of each body is derived: Argon2id, which minio-py writes (64 MiB and 0.1 to
0.2 s of a core, at both ends, for every call), or PBKDF2, which MinIO reads as well and which takes 5 ms. Nothing is
lost by the cheaper one: who listens can try secret keys on the call's own signature (five HMACs each) anyway, and off
loopback the address is https. The answers that MinIO encrypts, always by Argon2id, are left unread here.
"""

from __future__ import annotations

import hashlib
import json
import os
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from minio import MinioAdmin

SALT_BYTES, NONCE_BYTES, KEY_BYTES = 32, 8, 32
PBKDF2_AES_GCM = b"\x02"
PBKDF2_ROUNDS = 8192
MOST_BYTES = 16 * 1024
"""Of one chunk of MinIO's format; the calls made here stay far below."""


class SealedCall(Enum):
    """Admin calls whose body is encrypted."""

    ADD_USER = "add-user"
    ADD_KEY = "add-service-account"
    UPDATE_KEY = "update-service-account"

    @property
    def method(self) -> str:
        """The HTTP method that MinIO wants it by."""
        return "POST" if self is SealedCall.UPDATE_KEY else "PUT"


def send_sealed(
    admin: MinioAdmin, call: SealedCall, document: Mapping[str, Any], query: Mapping[str, str] | None = None
) -> None:
    """Make an admin call with an encrypted body; its answer is not read.

    Raises:
        MinioAdminException, urllib3.exceptions.HTTPError, OSError: as the client's own calls do.
        ValueError: the document is too long.
    """
    body = seal(json.dumps(document).encode(), admin._provider.retrieve().secret_key)
    # The signing and the connections of minio-py, with a body that it does not write.
    admin._url_open(method=call.method, command=cast("Any", call), query_params=dict(query or {}), body=body)


def seal(payload: bytes, secret_key: str) -> bytes:
    """Encrypt a short body: salt, way, nonce, then one chunk whose additional data says that it is the last.

    Raises:
        ValueError: it does not fit into one chunk.
    """
    if len(payload) > MOST_BYTES:
        raise ValueError(f"a body of {len(payload)} bytes is longer than {MOST_BYTES}")
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    cipher = AESGCM(hashlib.pbkdf2_hmac("sha256", secret_key.encode(), salt, PBKDF2_ROUNDS, KEY_BYTES))
    tag_of_nothing = cipher.encrypt(_numbered(nonce, 0), b"", None)
    return salt + PBKDF2_AES_GCM + nonce + cipher.encrypt(_numbered(nonce, 1), payload, b"\x80" + tag_of_nothing)


def _numbered(nonce: bytes, number: int) -> bytes:
    return nonce + number.to_bytes(4, "little")
