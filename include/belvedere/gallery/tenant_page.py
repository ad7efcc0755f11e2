"""What tenants' pages say in words of their own: states, who may be shown credentials, the declaration as a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from belvedere.gallery.revealing import is_member_by_name
from belvedere.model.tenant import TenantSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from belvedere.gallery.tenant_responses import MemberResponse, TenantResponse
    from belvedere.model.access import Viewer

UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True)
class Words:
    """How a state is told: a short word, a sentence, and the colour that repeats it."""

    word: str
    sentence: str
    level: str


# In the order of what needs somebody first.
STATES = {
    "failed": Words("failed", "The last run could not make it what was declared.", "bad"),
    "drifted": Words("drifted", "Something was changed behind Belvedere's back.", "warn"),
    "orphaned": Words("file is gone", "Its file was removed. Nothing was deleted: that takes remove_tenant.", "warn"),
    "declared": Words("to be applied", "Declared, and waiting to be applied.", "busy"),
    "ready": Words("as declared", "Everything was found as it was declared.", "good"),
    "removed": Words("removed", "It was removed; its history stays.", ""),
    UNDECLARED: Words("not declared", "It is known by its bucket alone: nobody has declared it.", ""),
}
KIND_WORDS = {"s3_account": "its account", "s3_key": "access key", "mlflow_user": "MLflow account"}
PHASE_LEVELS = {"creating": "busy", "active": "good", "retiring": "warn", "revoked": ""}


def counted(tenants: Iterable[TenantResponse]) -> dict[str, int]:
    """Return how many tenants there are of each state, what needs somebody first."""
    counts = Counter(tenant.state or UNDECLARED for tenant in tenants)
    return {state: counts[state] for state in STATES if counts[state]}


def source_words(source: str | None) -> str:
    """Say where a declaration is from."""
    if source is None:
        return "known by its bucket"
    if source.startswith("git:"):
        return f"from {source.removeprefix('git:')}"
    return {"api": "by form or REST", "adopted": "adopted"}.get(source, source)


def as_file(spec: Mapping[str, Any] | None) -> str:
    """Write a declaration as the file that would make it."""
    return yaml.safe_dump(dict(spec), sort_keys=False, allow_unicode=True, width=100) if spec else ""


def whole(spec: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a declaration with every default said; nothing for one that a former release wrote otherwise."""
    try:
        return TenantSpec.model_validate(spec).document() if spec else {}
    except ValidationError:
        return {}


def why_no_credentials(members: Iterable[MemberResponse], who: Viewer, *, declared: bool, keys: int) -> str:
    """Say why somebody cannot be shown the credentials; empty when they can."""
    if not declared:
        return "It has no keys of its own: those come with its declaration."
    if not keys:
        return "There is no active key yet: the tenant gets one when its declaration is applied."
    if is_member_by_name(members, who):
        return ""
    return "Keys are shown to members by name only, and you are none of them: an operator can make you one."
