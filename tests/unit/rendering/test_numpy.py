"""NumPy arrays: figures of all elements, pictures of what holds pixels, and nothing unpickled, ever."""

from __future__ import annotations

import io
import pickle
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, MalformedArtifact
from belvedere.model.rendering import Limits
from belvedere.rendering.arrays import numpy_files

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from belvedere.model.rendering import Rendering


def npy(array: NDArray[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def npz(**arrays: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


def test_the_figures_are_of_all_elements(render, monkeypatch) -> None:
    monkeypatch.setattr(numpy_files, "PIECE_ELEMENTS", 100)
    values = np.arange(1000, dtype=np.float32).reshape(50, 20)
    values[3, 3], values[4, 4] = np.nan, np.inf
    finite = values[np.isfinite(values)].astype(float)
    rendering = render(npy(values), "run/weights.npy")
    assert rendering.kind == "numpy"
    found = rendering.facts["array"]
    assert (found["shape"], found["dtype"], found["size"]) == ([50, 20], "float32", 1000)
    assert (found["nan"], found["inf"], found["min"], found["max"]) == (1, 1, 0.0, 999.0)
    assert found["mean"] == pytest.approx(finite.mean())
    assert found["std"] == pytest.approx(finite.std())
    assert rendering.warnings == ()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((40, 16, 16), np.uint8), "The first 24 of 40 images"),
        (np.zeros((32, 24, 3), np.uint8), "As images"),
        (np.random.default_rng(0).random((3, 24, 24, 1)), "The first 3 of 3 images"),
        (np.arange(600.0).reshape(20, 30), "Heat map"),
        (np.asfortranarray(np.arange(600.0).reshape(20, 30)), "Heat map"),
        (np.arange(50), "Values in order"),
        (np.array(["<b>", "x"]), "&lt;b&gt;"),
        (np.array([(1, 2.5)] * 3, dtype=[("id", "i4"), ("real", "f8")]), "Records"),
        (np.array([1 + 2j]), "(1+2j)"),
        (np.array(["2026-01-01"], "M8[D]"), "2026-01-01"),
        (np.float64(3.5), "scalar"),
        (np.empty((0, 5)), "0×5"),
        (np.array([True, False]), "bool"),
        (np.full((5, 5), np.nan), "NaN"),
    ],
)
def test_every_array_shows_what_it_holds(render, array: NDArray[Any], words: str) -> None:
    rendering = render(npy(np.asarray(array)), "run/array.npy")
    assert words in page_of(rendering)
    assert rendering.alt_text


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (Path("numpy-trap"), "sprung")


@pytest.mark.parametrize("packed", [False, True])
def test_pickled_objects_stay_closed(render, tmp_path, monkeypatch, packed: bool) -> None:
    monkeypatch.chdir(tmp_path)
    trap = np.array([Trap()], dtype=object)
    content = npz(trap=trap, good=np.arange(3)) if packed else npy(trap, allow_pickle=True)
    rendering = render(content, "run/objects.npz")
    assert "not loaded" in rendering.warnings[0]
    assert not (tmp_path / "numpy-trap").exists()


def test_a_bare_pickle_under_the_name_of_an_array_is_not_opened(render, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with suppress(BelvedereError):
        render(pickle.dumps(Trap()), "run/array.npy")
    assert not (tmp_path / "numpy-trap").exists()


def test_an_archive_lists_all_its_arrays(render) -> None:
    rendering = render(npz(weights=np.ones((4, 3)), labels=np.arange(4)), "run/model.npz")
    assert rendering.kind == "numpy"
    assert rendering.facts["arrays"]["weights"]["shape"] == [4, 3]
    assert rendering.facts["arrays"]["labels"]["max"] == 3
    assert rendering.warnings == ()


def test_what_an_archive_expands_to_is_bounded(render) -> None:
    rendering = render(npz(zeros=np.zeros(4_000_000, np.uint8)), "run/bomb.npz", Limits(expanded_bytes=1_000_000))
    assert "Only 1,000,000 of 4,000,000" in rendering.warnings[0]
    assert rendering.sampled is not None
    assert (rendering.sampled.shown, rendering.sampled.total) == (1_000_000, 4_000_000)


def test_a_cut_array_shows_what_is_there(render) -> None:
    rendering = render(npy(np.arange(1000.0))[:4128], "run/cut.npy")
    assert "of 1,000 elements are there" in rendering.warnings[0]


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-5,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (9" + "9" * 30 + ",), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "__import__('os').system('true')",
        "{'descr': ('<f8', (10, 10, 10)), 'fortran_order': False, 'shape': (2,), }",
        "(" * 5000,
    ],
)
def test_a_strange_header_is_harmless(render, header: str) -> None:
    content = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header.encode() + b"\n" + b"\0" * 64
    try:
        rendering = render(content, "run/strange.npy")
    except MalformedArtifact as error:
        assert error.code == "bad_numpy"
    else:
        assert rendering.warnings


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 199), byte=st.integers(0, 255), packed=st.booleans(), cut=st.booleans())
def test_damaged_bytes_end_in_a_rendering_or_an_error_of_ours(
    render, place: int, byte: int, packed: bool, cut: bool
) -> None:
    data = bytearray(npz(x=np.arange(9.0)) if packed else npy(np.arange(9.0)))
    data[place] = byte
    try:
        rendering = render(bytes(data[:place] if cut else data), "run/x.npy")
    except BelvedereError as error:
        assert error.message
    else:
        assert rendering.outputs
