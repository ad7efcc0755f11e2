from __future__ import annotations

import pytest

from belvedere.model.access import ALL_TENANTS, Role, Viewer

MEMBER = Viewer("m", {"a": Role.MEMBER, "b": Role.VIEWER})
AUDITOR = Viewer("a", {ALL_TENANTS: Role.AUDITOR, "a": Role.MEMBER})
OPERATOR = Viewer("o", operates=True)
NOBODY = Viewer("n")


@pytest.mark.parametrize(
    ("who", "tenants", "sees", "changes"),
    [
        (MEMBER, ("a", "b"), "ab", "a"),
        (AUDITOR, None, "abc", "a"),
        (OPERATOR, None, "abc", "abc"),
        (NOBODY, (), "", ""),
    ],
    ids=lambda value: value.name if isinstance(value, Viewer) else "",
)
def test_roles_say_what_is_seen_and_what_is_changed(
    who: Viewer, tenants: tuple[str, ...] | None, sees: str, changes: str
) -> None:
    assert who.tenants == tenants
    assert [tenant for tenant in "abc" if who.may_see(tenant)] == list(sees)
    assert [tenant for tenant in "abc" if who.may_change(tenant)] == list(changes)


def test_being_something_else_in_all_tenants_opens_none() -> None:
    assert not Viewer("x", {ALL_TENANTS: Role.VIEWER}).may_see("a")
    assert not Viewer("x", {ALL_TENANTS: Role.MEMBER}).may_change("a")
