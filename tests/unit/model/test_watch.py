from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.errors import PermanentError
from belvedere.model.rendering import Listing, Reference, object_uri
from belvedere.model.watch import Watch, folder_of, is_wanted, watches_of


@pytest.mark.parametrize(
    ("uri", "bucket", "prefix"),
    [
        ("minio://models/", "models", ""),
        ("s3://models/a b/100%/", "models", "a b/100%/"),
        ("minio://models/a?b#c/", "models", "a?b#c/"),
        ("minio://models/a//b/", "models", "a//b/"),
    ],
)
def test_a_listings_prefix_is_taken_as_it_is_written(uri: str, bucket: str, prefix: str) -> None:
    assert folder_of(uri) == (bucket, prefix)


@pytest.mark.parametrize(
    "uri", ["", "models/a/", "https://models/a/", "minio:///a/", "minio://models/a", "file:///etc/"]
)
def test_what_is_no_folder_is_refused(uri: str) -> None:
    with pytest.raises(PermanentError, match="folder"):
        folder_of(uri)


def test_patterns_look_at_the_rest_of_the_key_at_any_depth() -> None:
    assert is_wanted("run/images/a.png", "run/", ("*.png",))
    assert is_wanted("run/MLmodel", "run/", ("x", "MLmodel"))
    assert not is_wanted("run/deep/MLmodel", "run/", ("MLmodel",))
    assert not is_wanted("runs/a.png", "run/", ("*",))
    assert not is_wanted("run/A.PNG", "run/", ("*.png",))


def test_folder_markers_and_our_own_probes_are_no_objects_of_a_folder() -> None:
    assert not is_wanted("run/sub/", "run/", ("*",))
    assert not is_wanted(".belvedere/probe", "", ("*",))


def test_references_become_watches_of_objects_and_folders() -> None:
    references = (
        Reference("minio://b/a%20b.csv", 10),
        Listing("minio://b/run/", 10, 10, 10, ("*.png",)),
        Reference("https://b/a.md", 10),
        Reference("s3://[broken", 10),
        Listing("minio://b/no-folder", 1, 1, 1),
        Reference("s3://b/a b.csv", 10),
    )

    assert watches_of(references) == (Watch("b", "a b.csv"), Watch("b", "run/", ("*.png",)))


def test_a_watch_sees_its_bucket_alone() -> None:
    assert Watch("b", "k").sees("b", "k")
    assert not Watch("b", "k").sees("c", "k")
    assert not Watch("b", "k").sees("b", "k/x")
    assert Watch("b", "k/", ("*",)).sees("b", "k/x")


@given(st.text(min_size=1).filter(lambda key: not key.startswith(".belvedere/") and not key.endswith("/")))
def test_every_key_lies_in_the_whole_bucket(key: str) -> None:
    bucket, prefix = folder_of(object_uri("b", ""))

    assert is_wanted(key, prefix, ("*",))
    assert bucket == "b"
