"""Masks as run lengths are read as pycocotools reads them, and hostile ones are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as reference

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.vision.run_lengths import read_run_lengths

MOST = 1_000_000


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(0, 1)))
@settings(max_examples=60, deadline=None)
def test_a_compressed_mask_is_the_one_that_pycocotools_wrote(pixels: Any) -> None:
    written = reference.encode(np.asfortranarray(pixels))
    read = read_run_lengths({"size": list(pixels.shape), "counts": written["counts"].decode()}, MOST)
    assert (np.asarray(read.image()) // 255 == pixels).all()
    assert read.area == int(reference.area(written))


def test_an_uncompressed_mask_runs_down_the_columns() -> None:
    read = read_run_lengths({"size": [2, 3], "counts": [1, 2, 3]}, MOST)
    assert (np.asarray(read.image()) // 255).tolist() == [[0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    "segmentation",
    [
        {},
        None,
        {"size": [2], "counts": [1]},
        {"size": [2, -3], "counts": [1]},
        {"size": [2.5, 3], "counts": [1]},
        {"size": [2, 3], "counts": [1, -2]},
        {"size": [2, 3], "counts": ["x"]},
        {"size": [2, 3], "counts": [100]},
        {"size": [2, 3], "counts": "é"},
        {"size": [2, 3], "counts": "ooooooooooooo"},
        {"size": [2, 3], "counts": "P"},
    ],
)
def test_what_is_no_mask_is_said_to_be_broken(segmentation: Any) -> None:
    with pytest.raises(MalformedArtifact, match="mask is broken"):
        read_run_lengths(segmentation, MOST)


def test_a_mask_of_absurd_size_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="pixels"):
        read_run_lengths({"size": [100_000, 100_000], "counts": [10**10]}, MOST)


@given(st.text(max_size=60), st.integers(1, 50), st.integers(1, 50))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_mask_or_said_to_be_none(counts: str, height: int, width: int) -> None:
    try:
        read = read_run_lengths({"size": [height, width], "counts": counts}, MOST)
    except MalformedArtifact:
        return
    assert 0 <= read.area <= height * width
    assert read.image().size == (width, height)
