"""Who signed an export: one Ed25519 key a gallery, so that anybody may verify without knowing a secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from belvedere.errors import ConfigurationError, PermanentError

ALGORITHM = "Ed25519"
# What is signed begins with these words, so that a signature under something else never fits an export.
PURPOSE = b"belvedere export 1\n"
KEY_BYTES = 32


class KeyRefused(PermanentError):
    """A public key is not one."""

    code = "key_refused"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a gallery's key that everybody may know."""

    raw: bytes

    @classmethod
    def from_text(cls, text: str) -> PublicKey:
        """Read a key as the gallery shows it.

        Raises:
            KeyRefused: it is not 32 bytes in base64.
        """
        try:
            raw = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise KeyRefused("a public key is 32 bytes in base64, as the gallery's /api/export/key shows it") from None
        if len(raw) != KEY_BYTES:
            raise KeyRefused(f"a public key has {KEY_BYTES} bytes, this one {len(raw)}")
        return cls(raw)

    @property
    def text(self) -> str:
        """The key in base64."""
        return base64.b64encode(self.raw).decode()

    @property
    def fingerprint(self) -> str:
        """A short name of the key, to compare by eye."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def signed(self, said: bytes, signature: bytes) -> bool:
        """Tell whether this key's owner signed what is said."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, PURPOSE + said)
        except InvalidSignature:
            return False
        return True


class ExportKey:
    """A gallery's key: the same wherever the secret is the same."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ConfigurationError(
                "exports cannot be signed: set BELVEDERE_EXPORT_SECRET (or BELVEDERE_CAPABILITY_SECRET)"
            )
        seed = hashlib.sha256(b"belvedere export key\0" + secret.encode()).digest()
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> PublicKey:
        """The half that everybody may know."""
        return PublicKey(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, said: bytes) -> bytes:
        """Return the signature of what is said."""
        return self._key.sign(PURPOSE + said)
