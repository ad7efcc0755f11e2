"""What a tenant may declare of its renderings."""

from __future__ import annotations

import pytest
import yaml
from pydantic import ValidationError

from belvedere.model.tenant import RenderersSpec


@pytest.mark.parametrize("word", ["off", "'off'", '"off"'])
def test_off_is_off_however_yaml_reads_it(word: str) -> None:
    assert RenderersSpec.model_validate(yaml.safe_load(f"user_code: {word}")).user_code == "off"


@pytest.mark.parametrize("word", ["on", "yes", "true", "0", "sandboxed"])
def test_anything_but_sandbox_and_off_is_refused(word: str) -> None:
    with pytest.raises(ValidationError, match="'sandbox' or 'off'"):
        RenderersSpec.model_validate(yaml.safe_load(f"user_code: {word}"))


def test_a_slip_in_a_limit_is_named() -> None:
    with pytest.raises(ValidationError, match=r"there is no limit table\.furlongs"):
        RenderersSpec.model_validate({"limits": {"table": {"furlongs": 3}}})


def test_limits_of_whole_numbers_stay_so_on_their_way_through_json() -> None:
    spec = RenderersSpec.model_validate({"limits": {"table": {"source_bytes": 10}}})

    assert RenderersSpec.model_validate_json(spec.model_dump_json()) == spec
