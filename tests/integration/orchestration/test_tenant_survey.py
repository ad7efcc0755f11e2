"""The survey of ``reconcile_tenants`` with a real catalog; the systems are in memory."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.fakes.tenants import FakeWorld
from tests.harness.storage import DURABLE, FAST
from tests.harness.tenants import DEPLOYMENT

from belvedere.catalog.tenants import find_tenant, note_applied, note_failed
from belvedere.clients.postgres import connect
from belvedere.errors import TenantBusy
from belvedere.orchestration import tenant_reconciling
from belvedere.orchestration.tenant_systems import Opened
from belvedere.orchestration.tenant_work import RunOfTenants
from belvedere.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from belvedere.catalog.tenants import DeclaredTenant
    from belvedere.clients.postgres import Connection
    from belvedere.model.storage import BucketState

    Survey = Callable[[], list[str]]

RUN = RunOfTenants("reconcile_tenants", "run")
EVERYTHING = {"tenant": None, "policy": None}


class Watched:
    """Buckets that remember which of them were looked at."""

    def __init__(self, world: FakeWorld) -> None:
        self._buckets = world.systems.buckets
        self.looked_at: set[str] = set()

    def state(self, bucket: str) -> BucketState:
        self.looked_at.add(bucket)
        return self._buckets.state(bucket)

    def __getattr__(self, name: str) -> object:
        return getattr(self._buckets, name)


@pytest.fixture
def buckets() -> Watched:
    return Watched(FakeWorld([FAST, DURABLE]))


@pytest.fixture
def survey(buckets: Watched, catalog: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Survey:
    systems = replace(FakeWorld([FAST, DURABLE]).systems, buckets=buckets)  # type: ignore[arg-type]

    @contextmanager
    def opened() -> Iterator[Opened]:
        yield Opened(catalog, systems, DEPLOYMENT)

    catalog.execute("delete from tenants")
    monkeypatch.setattr(tenant_reconciling, "opened", opened)
    monkeypatch.setattr(tenant_reconciling, "settings", lambda: Settings(tenants_folder=str(tmp_path)))
    return lambda: tenant_reconciling.survey(EVERYTHING, RUN)


def found(catalog: Connection, name: str) -> DeclaredTenant:
    tenant = find_tenant(catalog, name)
    assert tenant is not None
    return tenant


def test_a_new_tenant_is_left_to_its_own_task_which_looks_before_it_makes_anything(
    survey: Survey, buckets: Watched, catalog: Connection, tmp_path: Path
) -> None:
    for name in ("team-b", "team-a"):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\n")

    assert survey() == ["team-a", "team-b"]
    assert buckets.looked_at == set()
    assert found(catalog, "team-a").state == "declared"


def test_a_tenant_that_was_tried_before_is_looked_at_whether_it_was_made_or_not(
    survey: Survey, buckets: Watched, catalog: Connection, tmp_path: Path
) -> None:
    for name in ("team-a", "team-b", "team-c"):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\n")
    survey()
    note_applied(catalog, "team-a", found(catalog, "team-a").digest, {}, None)
    note_failed(catalog, "team-b", "foreign_resource", "the bucket is somebody's", None)

    assert survey() == ["team-b", "team-c"]
    assert {"team-a", "team-b"} <= buckets.looked_at
    assert "team-c" not in buckets.looked_at
    assert found(catalog, "team-a").state == "drifted"


def test_one_run_at_a_time_is_at_work_on_a_tenant(catalog: Connection, catalog_dsn: str) -> None:
    systems = FakeWorld([FAST]).systems
    with connect(catalog_dsn) as other:
        mine, theirs = Opened(catalog, systems, DEPLOYMENT), Opened(other, systems, DEPLOYMENT)
        with mine.alone_with("team-a"), pytest.raises(TenantBusy), theirs.alone_with("team-a"):
            pass
        with theirs.alone_with("team-a"):
            pass
