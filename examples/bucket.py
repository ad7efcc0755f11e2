"""What every producer here does with its files: a plain S3 PUT, with nothing of Belvedere's.

Addresses and keys come from the environment: run the examples as ``env $(make -s env) .venv/bin/python examples/...``.
"""

from __future__ import annotations

import io
import os
from urllib.parse import urlsplit

from minio import Minio

BUCKET = "mlpipeline"


def put(key: str, content: bytes, content_type: str) -> None:
    """Write one object."""
    client().put_object(BUCKET, key, io.BytesIO(content), len(content), content_type=content_type)


def client() -> Minio:
    """Return an S3 client; any other one would do as well."""
    address = urlsplit(os.environ["MINIO_ENDPOINT"])
    return Minio(
        address.netloc,
        access_key=os.environ["MINIO_ACCESS_KEY"],
        secret_key=os.environ["MINIO_SECRET_KEY"],
        secure=address.scheme == "https",
    )
