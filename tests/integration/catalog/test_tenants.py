"""What the catalog knows of tenants, on a real PostgreSQL."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty

from belvedere.catalog import tenants
from belvedere.catalog.memberships import CatalogMembers, grant
from belvedere.catalog.tenants import DeclaredTenant, find_tenant, list_tenants, tenant_lock
from belvedere.clients.postgres import connect
from belvedere.errors import ServiceUnavailable, TenantBusy
from belvedere.model.access import EVERYONE, Role
from belvedere.model.tenant import TenantSpec

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

RUN = ("provision_tenant", "manual__1")
FOUND = {"buckets": 2}
DRIFT = [{"system": "s3", "property": "quota", "before": "10GiB", "after": None, "repair": True}]


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


def spec(name: str = "team-a", **parts: object) -> TenantSpec:
    return TenantSpec.model_validate({"name": name, **parts})


def declare(catalog: Connection, declared: TenantSpec, source: str = "git:team-a.yaml") -> bool:
    return tenants.declare(catalog, declared.name, declared.document(), declared.digest(), source)


def apply(catalog: Connection, declared: TenantSpec) -> None:
    tenants.note_applied(catalog, declared.name, declared.digest(), FOUND, RUN)


def observe(catalog: Connection, drift: list[dict[str, object]], name: str = "team-a") -> None:
    tenants.note_observed(catalog, name, observed=FOUND, drift=drift, run=RUN)


def found(catalog: Connection, name: str = "team-a") -> DeclaredTenant:
    tenant = find_tenant(catalog, name)
    assert tenant is not None
    return tenant


def state(catalog: Connection, name: str = "team-a") -> str:
    return found(catalog, name).state


@pytest.fixture
def ready(catalog: Connection) -> TenantSpec:
    """A tenant whose declaration was applied."""
    declared = spec()
    declare(catalog, declared)
    apply(catalog, declared)
    return declared


def test_a_new_tenant_is_declared_and_holds_its_spec(catalog: Connection) -> None:
    declared = spec(members=[{"user": "alice"}])

    assert declare(catalog, declared)

    tenant = found(catalog)
    assert (tenant.state, tenant.source, tenant.digest) == ("declared", "git:team-a.yaml", declared.digest())
    assert TenantSpec.model_validate(tenant.spec) == declared
    assert (tenant.applied_digest, tenant.applied_at, tenant.observed_at, tenant.problem) == (None, None, None, None)
    assert (tenant.observed, tenant.drift) == ({}, ())


def test_a_tenant_that_was_never_declared_is_not_found(catalog: Connection) -> None:
    assert find_tenant(catalog, "team-a") is None


def test_the_same_declaration_again_changes_nothing(catalog: Connection, ready: TenantSpec) -> None:
    before = found(catalog)

    assert not declare(catalog, ready)

    assert found(catalog) == before


def test_the_same_declaration_from_elsewhere_changes_the_source_only(catalog: Connection, ready: TenantSpec) -> None:
    before = found(catalog)

    assert declare(catalog, ready, source="api")

    after = found(catalog)
    assert (after.source, after.state, after.declared_at) == ("api", "ready", before.declared_at)


def test_an_applied_tenant_is_ready_and_says_by_which_run(catalog: Connection, ready: TenantSpec) -> None:
    tenant = found(catalog)

    assert (tenant.state, tenant.applied_digest, tenant.observed) == ("ready", ready.digest(), FOUND)
    assert (tenant.dag_id, tenant.run_id) == RUN
    assert tenant.applied_at is not None
    assert tenant.observed_at is not None


def test_another_declaration_waits_until_it_is_applied(catalog: Connection, ready: TenantSpec) -> None:
    changed = spec(deletion="DeleteAll")
    before = found(catalog)
    assert declare(catalog, changed)

    assert found(catalog).declared_at > before.declared_at
    assert (state(catalog), found(catalog).applied_digest) == ("declared", ready.digest())
    observe(catalog, DRIFT)
    assert state(catalog) == "declared"
    apply(catalog, changed)
    assert state(catalog) == "ready"


def test_a_declaration_that_came_while_the_former_one_was_applied_goes_on_waiting(catalog: Connection) -> None:
    first, second = spec(), spec(deletion="DeleteAll")
    declare(catalog, first)
    declare(catalog, second)

    apply(catalog, first)

    assert (state(catalog), found(catalog).applied_digest) == ("declared", first.digest())


@pytest.mark.usefixtures("ready")
def test_what_was_seen_before_somebody_noted_something_fresher_is_not_noted(catalog: Connection) -> None:
    slow = tenants.clock(catalog)
    quick = tenants.clock(catalog)
    observe(catalog, [])
    fresher = found(catalog)

    for since in (slow, quick):
        assert not tenants.note_observed(catalog, "team-a", observed={}, drift=DRIFT, run=RUN, since=since)
    assert found(catalog) == fresher

    assert tenants.note_observed(catalog, "team-a", observed=FOUND, drift=DRIFT, run=RUN, since=tenants.clock(catalog))
    assert state(catalog) == "drifted"


def test_what_was_seen_while_a_tenant_was_brought_to_its_declaration_is_not_noted(catalog: Connection) -> None:
    declared = spec()
    declare(catalog, declared)
    since = tenants.clock(catalog)
    apply(catalog, declared)

    assert not tenants.note_observed(catalog, "team-a", observed={}, drift=DRIFT, run=RUN, since=since)
    assert (state(catalog), found(catalog).observed) == ("ready", FOUND)


def test_the_first_look_at_a_tenant_is_noted(catalog: Connection) -> None:
    declare(catalog, spec())

    assert tenants.note_observed(catalog, "team-a", observed=FOUND, drift=DRIFT, run=RUN, since=tenants.clock(catalog))
    assert found(catalog).observed == FOUND


@pytest.mark.usefixtures("ready")
def test_drift_is_noted_and_forgotten_when_it_is_gone(catalog: Connection) -> None:
    observe(catalog, DRIFT)
    assert (state(catalog), found(catalog).drift) == ("drifted", tuple(DRIFT))

    observe(catalog, [])
    assert (state(catalog), found(catalog).drift) == ("ready", ())


def test_applying_repairs_drift(catalog: Connection, ready: TenantSpec) -> None:
    observe(catalog, DRIFT)

    apply(catalog, ready)

    assert (state(catalog), found(catalog).drift) == ("ready", ())


def test_a_failure_says_why_and_stays_until_something_is_applied(catalog: Connection, ready: TenantSpec) -> None:
    tenants.note_failed(catalog, "team-a", "access_denied", "MinIO refused", RUN)
    observe(catalog, [])

    tenant = found(catalog)
    assert (tenant.state, tenant.problem_code, tenant.problem) == ("failed", "access_denied", "MinIO refused")
    apply(catalog, ready)
    assert (state(catalog), found(catalog).problem_code, found(catalog).problem) == ("ready", None, None)


def test_another_declaration_after_a_failure_is_another_try(catalog: Connection) -> None:
    declare(catalog, spec())
    tenants.note_failed(catalog, "team-a", "access_denied", "MinIO refused", RUN)
    assert not declare(catalog, spec())
    assert state(catalog) == "failed"

    declare(catalog, spec(deletion="DeleteAll"))

    assert (state(catalog), found(catalog).problem) == ("declared", None)


@pytest.mark.usefixtures("ready")
def test_an_orphan_is_marked_once_and_stays_marked(catalog: Connection) -> None:
    assert tenants.note_orphaned(catalog, ["team-a", "never-declared"]) == ["team-a"]
    assert tenants.note_orphaned(catalog, ["team-a"]) == []

    observe(catalog, [])
    assert state(catalog) == "orphaned"
    tenants.note_failed(catalog, "team-a", "bucket_not_empty", "it holds something", RUN)
    assert (state(catalog), found(catalog).problem_code) == ("orphaned", "bucket_not_empty")


@pytest.mark.parametrize("was", ["ready", "drifted", "failed", "declared"])
def test_an_orphan_whose_file_is_back_stands_where_it_stood(catalog: Connection, was: str) -> None:
    declared = spec()
    declare(catalog, declared)
    if was != "declared":
        apply(catalog, declared)
    if was == "drifted":
        observe(catalog, DRIFT)
    if was == "failed":
        tenants.note_failed(catalog, "team-a", "access_denied", "MinIO refused", RUN)
    assert state(catalog) == was
    tenants.note_orphaned(catalog, ["team-a"])

    assert declare(catalog, declared)

    assert state(catalog) == was


@pytest.mark.usefixtures("ready")
def test_an_orphan_whose_file_is_back_with_another_declaration_waits(catalog: Connection) -> None:
    tenants.note_orphaned(catalog, ["team-a"])

    declare(catalog, spec(deletion="DeleteAll"))

    assert state(catalog) == "declared"


def test_a_removed_tenant_stays_for_the_record_and_nothing_moves_it(catalog: Connection, ready: TenantSpec) -> None:
    tenants.note_removed(catalog, "team-a")
    gone = found(catalog)
    assert (gone.state, gone.applied_digest, gone.digest) == ("removed", None, ready.digest())
    assert gone.removed_at is not None

    observe(catalog, DRIFT)
    apply(catalog, ready)
    tenants.note_removed(catalog, "team-a")

    assert tenants.note_orphaned(catalog, ["team-a"]) == []
    assert found(catalog) == gone


@pytest.mark.parametrize("deletion", ["Retain", "DeleteAll"])
def test_a_removed_tenant_that_is_declared_again_begins_anew(
    catalog: Connection, ready: TenantSpec, deletion: str
) -> None:
    before = found(catalog)
    tenants.note_removed(catalog, "team-a")
    again = spec(deletion=deletion)

    assert declare(catalog, again)

    tenant = found(catalog)
    assert (tenant.state, tenant.digest, tenant.applied_digest) == ("declared", again.digest(), None)
    assert (tenant.removed_at, tenant.applied_at, tenant.observed_at) == (None, None, None)
    assert tenant.declared_at > before.declared_at
    apply(catalog, again)
    assert state(catalog) == "ready"
    assert ready.name == again.name


def test_tenants_are_listed_by_name_in_their_scope(catalog: Connection) -> None:
    for name in ("team-c", "team-a", "team-b"):
        declare(catalog, spec(name))
    tenants.note_removed(catalog, "team-b")

    def listed(scope: tuple[str, ...] | None, *, with_removed: bool = False) -> list[str]:
        return [tenant.name for tenant in list_tenants(catalog, scope, with_removed=with_removed)]

    assert listed(None) == ["team-a", "team-c"]
    assert listed(None, with_removed=True) == ["team-a", "team-b", "team-c"]
    assert listed(("team-c", "team-b")) == ["team-c"]
    assert listed(()) == []


def test_a_tenant_out_of_the_scope_is_like_one_that_never_was(catalog: Connection) -> None:
    declare(catalog, spec())

    assert find_tenant(catalog, "team-a", ("team-b",)) is None
    assert find_tenant(catalog, "team-a", ()) is None
    assert find_tenant(catalog, "team-a", ("team-a",)) is not None


def test_two_runs_never_work_on_one_tenant_at_once(catalog: Connection, catalog_dsn: str) -> None:
    with connect(catalog_dsn) as other:
        with tenant_lock(catalog, "team-a"):
            with pytest.raises(TenantBusy, match="team-a"), tenant_lock(other, "team-a"):
                pass
            with tenant_lock(other, "team-b"):
                pass

        with tenant_lock(other, "team-a"), pytest.raises(TenantBusy), tenant_lock(catalog, "team-a"):
            pass


def test_a_run_that_fails_frees_its_tenant(catalog: Connection, catalog_dsn: str) -> None:
    with pytest.raises(RuntimeError), tenant_lock(catalog, "team-a"):
        raise RuntimeError

    with connect(catalog_dsn) as other, tenant_lock(other, "team-a"):
        pass


def test_a_killed_connection_frees_its_tenant(catalog: Connection, catalog_dsn: str) -> None:
    with connect(catalog_dsn) as dying:
        held = ExitStack()
        held.enter_context(tenant_lock(dying, "team-a"))
        with pytest.raises(TenantBusy), tenant_lock(catalog, "team-a"):
            pass

        catalog.execute("select pg_terminate_backend(%s, 5000)", (dying.info.backend_pid,))

        with tenant_lock(catalog, "team-a"):
            pass
        with pytest.raises(ServiceUnavailable):
            held.close()


def test_members_are_granted_and_revoked_and_everyone_is_none_of_them(catalog: Connection) -> None:
    members = CatalogMembers(catalog)
    members.grant("team-a", "alice", Role.MEMBER)
    members.grant("team-a", "carol", Role.VIEWER)
    members.grant("team-b", "dora", Role.MEMBER)
    grant(catalog, "team-a", EVERYONE, Role.VIEWER)
    assert members.roles("team-a") == {"alice": Role.MEMBER, "carol": Role.VIEWER}

    members.revoke("team-a", "alice")

    assert members.roles("team-a") == {"carol": Role.VIEWER}
