"""COCO files: counted, checked, and drawn on the images beside them; whatever is broken is said."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as masks
from tests.unit.rendering.conftest import page_of

from belvedere.errors import BelvedereError
from belvedere.model.rendering import Limits, Listing, Reference, Related, Rendering, Source
from belvedere.model.watch import Watch, watches_of
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.vision.coco_images import folders, own_folders, patterns, read_file_name, references

if TYPE_CHECKING:
    from pathlib import Path

CATEGORIES = [{"id": 1, "name": "cat", "supercategory": "animal"}, {"id": 2, "name": "dog"}]
IMAGES = [
    {"id": 7, "file_name": "a.jpg", "width": 64, "height": 48},
    {"id": 8, "file_name": "b.jpg", "width": 64, "height": 48},
]
BOX = {"id": 1, "image_id": 7, "category_id": 1, "bbox": [4, 4, 20, 10], "area": 200, "segmentation": []}


def coco(annotations: list[Any], images: Any = IMAGES, categories: Any = CATEGORIES, **more: Any) -> str:
    return json.dumps({"images": images, "annotations": annotations, "categories": categories, **more})


def facts_of(rendering: Rendering) -> dict[str, Any]:
    assert rendering.kind == "coco"
    return dict(rendering.facts["coco"])


def jpeg(width: int = 64, height: int = 48) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def beside(source: Source, folder: Path, stored: dict[str, bytes]) -> Source:
    """Return the source with those objects fetched that it asks for."""
    related = {}
    for number, reference in enumerate(references(source)):
        if isinstance(reference, Listing):
            related[reference.uri] = Related(reference.uri, None, 0, "", "it holds more than 0 such objects")
            continue
        key = reference.uri.removeprefix("minio://bucket/")
        if key in stored:
            path = folder / f"related-{number}"
            path.write_bytes(stored[key])
            related[reference.uri] = Related(reference.uri, path, len(stored[key]), "image/jpeg")
        else:
            related[reference.uri] = Related(reference.uri, None, 0, "", "not there")
    return replace(source, related=related)


def test_counts_sizes_and_references_are_told(render) -> None:
    boxes = [BOX | {"id": at, "area": area} for at, area in enumerate((100, 5000, 20_000, 1023, 1024, 9216))]
    facts = facts_of(render(coco([*boxes, BOX | {"id": 9, "category_id": 2, "segmentation": [[1, 1, 5, 1, 5, 5]]}])))
    assert facts["images"] == 2
    assert facts["annotations"] == 7
    assert facts["categories"] == {"cat": 6, "dog": 1}
    assert facts["with_segmentation"] == 1
    assert facts["images_without_annotations"] == 1
    assert facts["sizes"] == {"small": 3, "medium": 2, "large": 2}
    assert "broken" not in facts


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (BOX | {"image_id": 99}, "annotations of images that the file does not list: 1 (ids 99)"),
        (BOX | {"category_id": 77}, "annotations of categories that the file does not list: 1 (ids 77)"),
        (BOX | {"bbox": [60, 4, 20, 10]}, "boxes that reach outside their image: 1 (ids 1)"),
        (BOX | {"bbox": [4, 4, -2, 10]}, "boxes of zero or negative width or height: 1"),
        (BOX | {"bbox": [4, float("nan"), 2, 10]}, "boxes that are not four finite numbers: 1"),
        (BOX | {"bbox": [4, "x", 2, 10]}, "boxes that are not four finite numbers: 1"),
        (BOX | {"bbox": [1, 2, 3]}, "boxes that are not four finite numbers: 1"),
        ({"id": 1, "bbox": [1, 2, 3, 4], "category_id": 1}, "annotations without an image id: 1"),
        ({"id": 1, "image_id": 7}, "annotations without a category: 1"),
        ("text", "annotations that are no objects: 1"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_what_is_broken_is_a_visible_warning_in_any_order_of_the_file(
    render, annotation: Any, said: str, turned: bool
) -> None:
    document = json.loads(coco([annotation]))
    text = json.dumps(dict(reversed(document.items())) if turned else document)
    rendering = render(text)
    assert any(said in warning for warning in rendering.warnings)
    assert said.partition(":")[0] in page_of(rendering)
    assert facts_of(rendering)["annotations"] == 1


def test_ids_used_twice_are_said(render) -> None:
    text = coco([BOX, BOX], images=[*IMAGES, IMAGES[0]], categories=[*CATEGORIES, CATEGORIES[0]])
    said = " ".join(render(text).warnings)
    for what in ("annotations whose id", "images whose id", "categories whose id"):
        assert what in said


@pytest.mark.parametrize(
    ("key", "stored"),
    [
        ("instances.json", "a.jpg"),
        ("set/instances.json", "set/a.jpg"),
        ("set/instances.json", "set/images/a.jpg"),
        ("set/annotations/instances.json", "set/images/a.jpg"),
        ("set/annotations/instances_val2017.json", "set/val2017/a.jpg"),
        ("set/annotations/instances_val2017.json", "set/images/val2017/a.jpg"),
    ],
)
def test_images_are_found_where_people_put_them_and_become_members(
    make_source, tmp_path: Path, key: str, stored: str
) -> None:
    rendering = render_here(beside(make_source(coco([BOX]), key), tmp_path, {stored: jpeg()}), Limits())
    page = page_of(rendering)
    assert "data:image/jpeg" in page
    assert '<rect class="b"' in page
    folder = stored.removesuffix("a.jpg")
    assert rendering.members == (f"{folder}a.jpg", f"{folder}b.jpg")
    assert not [warning for warning in rendering.warnings if "empty canvas" in warning]


def test_a_missing_image_is_an_empty_canvas_of_the_stated_size_and_says_so(make_source, tmp_path: Path) -> None:
    source = beside(make_source(coco([BOX]), "set/labels.json"), tmp_path, {})
    rendering = render_here(source, Limits())
    page = page_of(rendering)
    assert 'viewBox="0 0 64 48"' in page
    assert "empty canvas" in page
    assert "None of the sample images" in rendering.warnings[0]
    assert "set/images/a.jpg" in rendering.members, "so that an image that comes later renders the file again"


@pytest.mark.parametrize(
    ("file_name", "path"),
    [
        ("a.jpg", "a.jpg"),
        ("train/a.jpg", "train/a.jpg"),
        ("./a.jpg", "a.jpg"),
        ("images\\a.jpg", "images/a.jpg"),
        ("/srv/data/a.jpg", "a.jpg"),
        ("C:\\data\\a.jpg", "a.jpg"),
        ("https://images.example/val/a.jpg?x=1", "a.jpg"),
        ("../other/a.jpg", "a.jpg"),
        ("../../../etc/passwd", "passwd"),
        ("x/../../a.jpg", "a.jpg"),
        ("..", ""),
        ("", ""),
        ("a\0.jpg", ""),
    ],
)
def test_a_file_name_never_leads_out_of_its_folders(file_name: str, path: str) -> None:
    assert read_file_name(file_name).path == path


@given(st.text(max_size=30), st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_no_name_and_no_key_makes_an_address_that_climbs(file_name: str, key: str) -> None:
    path = read_file_name(file_name).path
    for folder in folders(key):
        assert ".." not in path.split("/")
        assert not path.startswith("/")
        assert folder == "" or folder.endswith("/")


def test_references_stay_in_the_bucket_and_are_few(make_source) -> None:
    images = [{"id": at, "file_name": f"../../{at}/../x{at}.jpg", "width": 5, "height": 5} for at in range(500)]
    annotations = [BOX | {"id": at, "image_id": at} for at in range(500)]
    found = references(make_source(coco(annotations, images), "set/annotations/instances_train.json"))
    assert 0 < len(found) <= 50
    assert all(one.uri.startswith("minio://bucket/set/") and "/../" not in one.uri for one in found)


def test_every_image_of_a_large_file_is_watched_and_nothing_else(make_source) -> None:
    images = [{"id": at, "file_name": f"{at:06d}.jpg", "width": 5, "height": 5} for at in range(3000)]
    source = make_source(coco([BOX | {"image_id": 1}], images), "set/annotations/instances_train.json")
    watches = watches_of(references(source))
    seen = {
        key
        for key in ("set/images/002999.jpg", "set/train/000007.jpg", "set/annotations/000008.jpg")
        if _sees(watches, key)
    }
    assert len(seen) == 3
    for other in ("set/images/plot.jpg", "set/images/12.jpg", "002999.jpg", "set/002999.jpg", "set/images/002999.png"):
        assert not _sees(watches, other), other
    (first, *_) = references(source)
    assert isinstance(first, Listing)
    assert (first.max_objects, first.max_bytes) == (0, 0), "a watch fetches nothing"


def _sees(watches: tuple[Watch, ...], key: str) -> bool:
    return any(watch.sees("bucket", key) for watch in watches)


def test_the_root_of_a_bucket_is_nobodys_folder() -> None:
    assert own_folders("instances.json") == ("images/",)
    assert "" not in own_folders("annotations/instances.json")
    assert "annotations/" in own_folders("annotations/instances.json")
    assert "set/" not in own_folders("set/annotations/instances.json")


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=20))
@settings(max_examples=80, deadline=None)
def test_every_name_matches_one_of_its_patterns(names: list[str]) -> None:
    found = patterns(names)
    for name in names:
        path = read_file_name(name).path
        assert not path or any(fnmatchcase(path, pattern) for pattern in found)


def test_names_without_anything_in_common_are_known_by_their_suffix() -> None:
    assert patterns(f"{'x' * at}.png" for at in range(1, 400)) == ("*.png",)


def test_a_climbing_file_name_is_refused_visibly(make_source, tmp_path: Path) -> None:
    images = [{"id": 7, "file_name": "../../secret/a.jpg", "width": 64, "height": 48}]
    source = beside(make_source(coco([BOX], images), "set/labels.json"), tmp_path, {})
    assert any("climbs out" in warning for warning in render_here(source, Limits()).warnings)


def test_samples_show_as_many_categories_as_they_can(make_source) -> None:
    images = [{"id": at, "file_name": f"{at}.jpg", "width": 5, "height": 5} for at in range(100)]
    annotations = [BOX | {"id": at, "image_id": at, "category_id": 2 if at == 97 else 1} for at in range(100)]
    found = references(make_source(coco(annotations, images), "labels.json"))
    assert "minio://bucket/97.jpg" in [one.uri for one in found if isinstance(one, Reference)]


def test_masks_keypoints_crowds_and_captions_are_drawn(render) -> None:
    pixels = np.zeros((48, 64), np.uint8)
    pixels[10:30, 10:40] = 1
    written = masks.encode(np.asfortranarray(pixels))
    compressed = {"size": [48, 64], "counts": written["counts"].decode()}
    person = {"id": 3, "name": "person", "keypoints": ["a", "b"], "skeleton": [[1, 2], [1, 99]]}
    annotations = [
        BOX | {"id": 2, "segmentation": compressed},
        BOX | {"id": 3, "segmentation": {"size": [48, 64], "counts": [100, 50, 2922]}, "iscrowd": 1},
        BOX | {"id": 4, "segmentation": [[1, 1, 9, 1, 9, 9], [20, 20, 30, 20, 30, 30]]},
        BOX | {"id": 5, "category_id": 3, "keypoints": [5, 5, 2, 9, 9, 1]},
        {"id": 6, "image_id": 7, "caption": "a <b>cat</b>"},
    ]
    rendering = render(coco(annotations, categories=[*CATEGORIES, person]))
    page, facts = page_of(rendering), facts_of(rendering)
    assert (facts["crowd"], facts["with_keypoints"], facts["captions"], facts["with_segmentation"]) == (1, 1, 1, 3)
    assert page.count('class="r"') == 2
    assert "stroke-dasharray" in page
    assert page.count('<line class="k"') == 1
    assert page.count('<circle class="k"') == 2
    assert "M1 1L9 1L9 9ZM20 20L30 20L30 30Z" in page
    assert "a &lt;b&gt;cat&lt;/b&gt;" in page


def test_predictions_are_a_coco_file_too(render) -> None:
    items = [
        {"image_id": at % 3, "category_id": 1 + at % 2, "bbox": [1, 2, 3, 4], "score": at / 10} for at in range(10)
    ]
    rendering = render(json.dumps(items), "results.json")
    facts = facts_of(rendering)
    assert (facts["images"], facts["annotations"], facts["predictions"]) == (3, 10, True)
    assert facts["categories"] == {"category 1": 5, "category 2": 5}
    assert "0.90" in page_of(rendering), "scores stand on the boxes"


def test_panoptic_segments_are_counted(render) -> None:
    segments = [{"id": 1, "category_id": 1, "bbox": [1, 1, 5, 5], "area": 20}, {"id": 2, "category_id": 2}]
    facts = facts_of(render(coco([{"id": 1, "image_id": 7, "file_name": "a.png", "segments_info": segments}])))
    assert (facts["annotations"], facts["segments"], facts["categories"]) == (1, 2, {"cat": 1, "dog": 1})


def test_captions_without_categories_and_large_files_are_recognised(make_source) -> None:
    captions = json.dumps({"info": {}, "images": IMAGES, "annotations": [{"image_id": 7, "id": 1, "caption": "x"}]})
    assert detect(make_source(captions, "c.json")) == "coco"
    many = [{"id": at, "file_name": f"{at}.jpg", "width": 640, "height": 480} for at in range(9000)]
    large = json.dumps({"licenses": [{"id": 1}], "images": many, "annotations": [], "categories": []})
    assert len(large) > 256 * 1024
    assert detect(make_source(large, "large.json")) == "coco"
    assert detect(make_source(json.dumps({"images": ["a.png"], "annotations": "none"}), "other.json")) == "json"


@pytest.mark.parametrize("share", [0.5, 0.8, 0.97])
def test_half_a_file_is_shown_as_far_as_it_goes_and_says_so(render, share: float) -> None:
    text = coco([BOX | {"id": at} for at in range(200)])
    rendering = render(text[: int(len(text) * share)], "cut.json")
    assert "truncated" in rendering.warnings[0]
    assert 0 < facts_of(rendering)["annotations"] <= 200


def test_empty_lists_and_wrong_types_are_no_crash(render) -> None:
    assert facts_of(render(coco([], images=[], categories=[])))["images"] == 0
    odd = coco([{"id": [1], "image_id": {"a": 1}, "category_id": None, "bbox": {}}, None, 5], images=[None, {"id": []}])
    assert facts_of(render(odd))["annotations"] == 3
    assert "is not a list" in render(coco([BOX], images={"a": 1})).warnings[0]


def test_hostile_names_are_text(render) -> None:
    name = "</text><script>alert(1)</script>"
    images = [{"id": 7, "file_name": name, "width": 64, "height": 48}]
    page = page_of(render(coco([BOX], images, [{"id": 1, "name": name}], info={"description": name})))
    assert "<script" not in page


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_flipped_bytes_end_in_a_rendering_or_an_explained_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(coco([BOX, BOX | {"id": 2, "segmentation": {"size": [48, 64], "counts": "a0b1"}}]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "flipped.json"
    path.write_bytes(content)
    source = Source("bucket", "x/flipped.json", "e", "", "", len(content), path)
    with suppress(BelvedereError):
        assert references(source) is not None
    with suppress(BelvedereError):
        assert render_here(source, Limits(), "coco").outputs
