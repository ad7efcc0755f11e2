"""Records as MinIO writes them to its notification targets (seen on the pinned version), for tests to bend."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

WRITER_KEY_ID = "AKIAWRITERKEYID01"


def minio_record(
    key: str = "a.csv",
    *,
    bucket: str = "models",
    name: str = "s3:ObjectCreated:Put",
    etag: str = "d41d8cd98f00b204e9800998ecf8427e",
    version: str | None = None,
    size: int = 12,
    sequencer: str = "187B0C1D2E3F4A5B",
    content_type: str = "text/csv",
) -> dict[str, Any]:
    """Return one entry of ``Records``."""
    found: dict[str, Any] = {
        "key": quote_plus(key),
        "size": size,
        "eTag": etag,
        "contentType": content_type,
        "userMetadata": {"content-type": content_type},
        "sequencer": sequencer,
    }
    if version is not None:
        found["versionId"] = version
    return {
        "eventVersion": "2.0",
        "eventSource": "minio:s3",
        "awsRegion": "",
        "eventTime": "2026-11-22T03:04:05.678Z",
        "eventName": name,
        "userIdentity": {"principalId": WRITER_KEY_ID},
        "requestParameters": {"principalId": WRITER_KEY_ID, "region": "", "sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "1", "x-minio-origin-endpoint": "http://127.0.0.1:9000"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "Config",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": WRITER_KEY_ID},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": found,
        },
        "source": {"host": "127.0.0.1", "port": "", "userAgent": "MinIO (linux; amd64) minio-go/v7"},
    }


def minio_message(*records: dict[str, Any]) -> bytes:
    """Return the value of one Kafka record."""
    entries = list(records) or [minio_record()]
    document = {"EventName": "s3:ObjectCreated:Put", "Key": "models/a.csv", "Records": entries}
    return json.dumps(document, ensure_ascii=False).encode()
