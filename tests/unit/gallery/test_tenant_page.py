from __future__ import annotations

from typing import get_args

import pytest
import yaml
from tests.harness.filled_tenants import spec_of

from belvedere.gallery.tenant_page import (
    KIND_WORDS,
    PHASE_LEVELS,
    STATES,
    UNDECLARED,
    as_file,
    counted,
    source_words,
    whole,
    why_no_credentials,
)
from belvedere.gallery.tenant_responses import MemberResponse, TenantResponse, TenantStateName
from belvedere.model.access import EVERYONE, Role, Viewer
from belvedere.model.tenant import TenantSpec
from belvedere.model.tenant_state import CredentialKind, CredentialPhase

MIA = Viewer("mia", {"team-a": Role.MEMBER})


def tenant(state: TenantStateName | None) -> TenantResponse:
    empty = dict.fromkeys(("source", "drift", "quota", "declared_at", "applied_at", "observed_at", "problem"))
    return TenantResponse.model_validate({"name": "team-a", "state": state, "buckets": [], "members": {}} | empty)


def members(user: str, role: Role) -> list[MemberResponse]:
    return [MemberResponse.model_validate({"user": user, "role": role, "since": "2026-01-01T00:00:00Z"})]


def test_there_are_words_for_every_state_phase_and_kind() -> None:
    assert set(STATES) == {*get_args(TenantStateName), UNDECLARED}
    assert set(PHASE_LEVELS) == {phase.value for phase in CredentialPhase}
    assert set(KIND_WORDS) == {kind.value for kind in CredentialKind}


def test_states_are_counted_what_needs_somebody_first() -> None:
    counts = counted([tenant("ready"), tenant(None), tenant("failed"), tenant("ready"), tenant("drifted")])

    assert list(counts.items()) == [("failed", 1), ("drifted", 1), ("ready", 2), (UNDECLARED, 1)]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, "known by its bucket"),
        ("api", "by form or REST"),
        ("adopted", "adopted"),
        ("git:team-a.yaml", "from team-a.yaml"),
    ],
)
def test_a_declarations_source_is_said_in_words(source: str | None, words: str) -> None:
    assert source_words(source) == words


def test_the_file_of_a_declaration_declares_the_same() -> None:
    spec = spec_of("team-a", labels={"contact": "ä@example.org"})

    text = as_file(spec.document())

    assert TenantSpec.model_validate(yaml.safe_load(text)) == spec
    assert text.startswith("apiVersion: belvedere/v1\n")
    assert "ä@example.org" in text


def test_a_declaration_of_another_release_is_shown_as_it_is_and_not_interpreted() -> None:
    assert whole({"name": "team-a"})["keys"]["count"] == 1
    assert whole({"name": "team-a", "from": "another release"}) == {}
    assert whole(None) == {}


@pytest.mark.parametrize(
    ("user", "role", "declared", "keys", "said"),
    [
        ("mia", Role.MEMBER, True, 1, ""),
        ("mia", Role.VIEWER, True, 1, "members by name only"),
        (EVERYONE, Role.MEMBER, True, 1, "members by name only"),
        ("mia", Role.MEMBER, True, 0, "no active key yet"),
        ("mia", Role.MEMBER, False, 0, "no keys of its own"),
    ],
)
def test_it_is_said_why_there_are_no_credentials_to_show(
    user: str, role: Role, declared: bool, keys: int, said: str
) -> None:
    why = why_no_credentials(members(user, role), MIA, declared=declared, keys=keys)

    assert said in why if said else why == ""
