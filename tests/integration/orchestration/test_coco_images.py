"""A COCO file finds its images in a real bucket, draws on them, and owns them all; those of others it never sees."""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from belvedere.model.rendering import Limits
from belvedere.model.watch import watches_of
from belvedere.orchestration.fetching import Fetcher, Wanted
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.vision.coco_images import references

if TYPE_CHECKING:
    from pathlib import Path

    from minio import Minio

    from belvedere.clients.object_store import ObjectStore

NAMES = [f"größe #{at:03d}?.jpg" for at in range(40)]


def put(s3: Minio, bucket: str, key: str, content: bytes) -> None:
    s3.put_object(bucket, key, io.BytesIO(content), len(content))


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize("folder", ["set/annotations/", "set/images/", "set/annotations/images/", "set/val/"])
def test_images_are_found_drawn_and_owned(
    s3: Minio, object_store: ObjectStore, bucket: str, tmp_path: Path, folder: str
) -> None:
    images = [{"id": at, "file_name": name, "width": 64, "height": 48} for at, name in enumerate(NAMES)]
    marks = [{"id": at, "image_id": at, "category_id": 1, "bbox": [4, 4, 20, 10]} for at in range(40)]
    document = {"images": images, "annotations": marks, "categories": [{"id": 1, "name": "cat"}]}
    key = "set/annotations/instances_val.json"
    put(s3, bucket, key, json.dumps(document).encode())
    for name in NAMES:
        put(s3, bucket, folder + name, jpeg())
    fetcher = Fetcher(object_store, tmp_path, {bucket: "team"}, [], Limits())
    source = fetcher.source(Wanted(bucket, key, "", ""))
    asked = references(source)

    begun = time.monotonic()
    related = fetcher.related(source, asked)
    seconds = time.monotonic() - begun
    rendering = render_here(replace(source, related=related), Limits())

    page = next(one.content for one in rendering.outputs if one.role == "page")
    assert page.count(b"data:image/jpeg") >= 6
    assert b'<rect class="b"' in page
    assert rendering.members == tuple(folder + name for name in NAMES)
    watches = watches_of(asked)
    assert all(any(watch.sees(bucket, member) for watch in watches) for member in rendering.members)
    assert seconds < 5
