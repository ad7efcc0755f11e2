"""Pickles are never loaded: what loading would do is read from the opcodes, and canaries show that nothing ran."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.rendering.conftest import page_of

from belvedere.errors import BelvedereError, MalformedArtifact
from belvedere.model.rendering import Limits, Source
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.models.pickle_imports import Risk, risk_of, scan_pickle
from belvedere.rendering.models.pickle_machine import Global

if TYPE_CHECKING:
    from tests.unit.rendering.conftest import MakeSource, Render

CANARY = "/tmp/belvedere-pickle-canary"


class Hostile:
    def __reduce__(self) -> Any:
        return os.system, (f"touch {CANARY}",)


def names(rendering: Any) -> list[str]:
    return list(rendering.facts["pickle"]["imports"])


@pytest.mark.parametrize("protocol", range(6))
def test_what_would_be_run_is_named_and_not_run(render: Render, protocol: int) -> None:
    content = pickle.dumps({"model": Hostile(), "x": 1}, protocol)
    if protocol < 2:
        content = b"\x80\x02" + content

    rendering = render(content, "model.pkl")

    assert rendering.facts["pickle"]["dangerous"] == ["posix.system"]
    assert "can run code" in rendering.warnings[0]
    assert 'class="risk-dangerous"><td>posix.system' in page_of(rendering)
    assert "1 of them dangerous" in rendering.alt_text
    assert not Path(CANARY).exists()


def test_a_usual_model_has_no_red_line(render: Render) -> None:
    rendering = render(pickle.dumps({"weights": np.arange(5000.0), "n": OrderedDict(a=1)}), "model.pkl")

    assert rendering.facts["pickle"]["dangerous"] == []
    assert "numpy.dtype" in names(rendering)
    assert rendering.warnings == ()
    assert 'class="risk-dangerous"' not in page_of(rendering)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.", "os.system"),
        (b"\x80\x02c__builtin__\neval\nX\x01\0\0\0a\x85R.", "__builtin__.eval"),
        (b"\x80\x02(X\x02\0\0\0idios\nsystem\n.", "os.system"),
        (b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\0h\x01\x93.", "os.system"),
        (b"\x80\x04\x8c\x02os20\x8c\x06system\x93.", "os.system"),
        (b"\x80\x04]\x8c\x06system\x93.", "?.computed"),
        (b"\x80\x02\x82\x05.", "?.computed"),
        (b"\x80\x02cbuiltins\ngetattr\n.", "builtins.getattr"),
        (b"\x80\x02cnumpy.core\n__import__\n.", "numpy.core.__import__"),
        (b"\x80\x02ctorch.hub\nload\n.", "torch.hub.load"),
    ],
)
def test_every_way_to_name_something_is_seen(render: Render, content: bytes, name: str) -> None:
    assert render(content, "m.pkl").facts["pickle"]["dangerous"] == [name]


def test_a_second_pickle_behind_the_first_is_seen(render: Render) -> None:
    content = pickle.dumps([1, 2]) + pickle.dumps(Hostile())

    assert render(content, "m.pkl").facts["pickle"]["dangerous"] == ["posix.system"]


def test_danger_behind_bytes_that_are_no_opcodes_is_told(render: Render) -> None:
    rendering = render(pickle.dumps([1])[:-1] + b"\xff\xff" * 50 + b"cos\nsystem\n(Vid\ntR.", "m.joblib")

    assert any("names that can run code" in warning for warning in rendering.warnings)


def test_names_are_judged_by_what_they_can_do() -> None:
    assert risk_of(Global("sklearn.linear_model", "LogisticRegression")) is Risk.USUAL
    assert risk_of(Global("my_company.models", "Model")) is Risk.UNKNOWN
    assert risk_of(Global("builtins", "set")) is Risk.USUAL
    assert risk_of(Global("builtins", "exec")) is Risk.DANGEROUS
    assert risk_of(Global("importlib.util", "spec_from_file_location")) is Risk.DANGEROUS


def test_huge_contents_are_stepped_over(tmp_path: Path) -> None:
    path = tmp_path / "big.pkl"
    path.write_bytes(pickle.dumps({"a": b"x" * 50_000_000, "o": Hostile()}))

    scan = scan_pickle(path)

    assert [each.path for each in scan.imports] == ["posix.system"]
    assert scan.problem is None


def test_a_length_beyond_the_file_is_truncation(render: Render) -> None:
    rendering = render(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8e" + b"\xff" * 8 + b"xx", "m.pkl")

    assert any("truncated" in warning for warning in rendering.warnings)


def test_what_is_no_pickle_is_said_to_be_none(make_source: MakeSource) -> None:
    with pytest.raises(MalformedArtifact, match="Not a pickle"):
        render_here(make_source(b"\x80\x04\xff\xff", "m.pkl"), Limits(), "pickle")


class StorageType:
    """Stands for ``torch.FloatStorage``."""


class _TorchPickler(pickle.Pickler):
    """Writes what ``torch.save`` writes, without torch: storages as persistent ids."""

    def persistent_id(self, obj: Any) -> Any:
        return obj.id if isinstance(obj, Stored) else None


class Stored:
    def __init__(self, number: int) -> None:
        self.id = ("storage", StorageType, str(number), "cpu", 6)


def rebuild(*_arguments: Any) -> None:
    """Stands for ``torch._utils._rebuild_tensor_v2``."""


class Tensor:
    def __init__(self, *shape: int) -> None:
        self.shape = shape

    def __reduce__(self) -> Any:
        return rebuild, (Stored(0), 0, self.shape, (1,), False, OrderedDict())


def torch_zip(state: dict[str, Any]) -> bytes:
    pickled = io.BytesIO()
    _TorchPickler(pickled, 2).dump(state)
    content = pickled.getvalue().replace(
        b"tests.unit.rendering.test_pickles\nrebuild", b"torch._utils\n_rebuild_tensor_v2"
    )
    content = content.replace(b"tests.unit.rendering.test_pickles\nStorageType", b"torch\nFloatStorage")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/data.pkl", content)
        archive.writestr("net/data/0", b"\0" * 24)
        archive.writestr("net/version", "3\n")
    return file.getvalue()


def test_a_torch_archive_shows_tensors_without_torch(render: Render) -> None:
    rendering = render(torch_zip({"layer.weight": Tensor(2, 3), "layer.bias": Tensor(2)}), "model.pt")

    facts = rendering.facts["pytorch"]
    assert facts["shapes"] == {"layer.weight": [2, 3], "layer.bias": [2]}
    assert facts["parameters"] == 8
    page = page_of(rendering)
    assert "layer.weight" in page
    assert "float32" in page
    assert "2 × 3" in page
    assert rendering.facts["pickle"]["dangerous"] == []


def test_a_torch_archive_with_a_payload_is_marked(render: Render) -> None:
    rendering = render(torch_zip({"w": Tensor(2), "x": Hostile()}), "model.pth")

    assert rendering.facts["pickle"]["dangerous"] == ["posix.system"]
    assert "can run code" in rendering.warnings[0]


def test_a_bomb_in_an_archive_is_not_unpacked(render: Render) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data.pkl", b"\0" * 20_000_000)
    with pytest.raises(BelvedereError, match="cannot be read"):
        render(file.getvalue(), "model.pt", Limits(expanded_bytes=1_000_000))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_pickles_end_in_a_rendering_or_an_error_of_ours(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(pickle.dumps({"a": [Hostile(), OrderedDict(b=(1, 2.5, None))], "n": np.float64(2)}, 4))
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=5)):
        content[at] = value
    path = tmp_path / "m.pkl"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))] + data.draw(st.binary(max_size=20)))

    try:
        render_here(Source("b", "m.pkl", "e", "", "", path.stat().st_size, path), Limits(), "pickle")
    except BelvedereError as error:
        assert error.message
    assert not Path(CANARY).exists()
