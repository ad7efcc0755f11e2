"""What a page costs does not depend on how much hangs in the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.filled_tenants import declare_as, keep_credentials, spec_of
from tests.harness.gallery_rows import artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET

from belvedere.clients.postgres import Connection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.harness.own_gallery import OwnGallery

# One of each tells who asks.
LIST, GROUPS, WALL, RUN, ARTIFACT = 3, 4, 10, 10, 4
# A search asks first how to go about it; what finds all matches finds groups, artifacts and the total at once.
WALKED, GATHERED = LIST + 1, LIST
WALKED_IN_GROUPS, FOUND_IN_GROUPS = GROUPS + 1, GROUPS - 1
TENANTS, TENANT, CHANGES = 3, 6, 4


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements run so far in this process, without the pool's question whether a connection lives."""
    run: list[str] = []
    execute = Connection.execute

    def noted(self: Connection, query: Any, *arguments: Any, **options: Any) -> Any:
        if query != "select 1":
            run.append(str(query))
        return execute(self, query, *arguments, **options)

    monkeypatch.setattr(Connection, "execute", noted)
    return run


@pytest.mark.parametrize("hanging", [3, 120])
def test_pages_take_a_fixed_number_of_statements(own: OwnGallery, statements: list[str], hanging: int) -> None:
    rows = [artifact_row(f"cost/{hanging}/{n}", n, bucket=BUCKET) for n in range(hanging)]
    write_artifacts(own.catalog, *rows)
    costs = {
        "/belvedere/api/artifacts?limit=50": LIST,
        f"/belvedere/api/artifacts?limit=200&prefix=cost/{hanging}/&q=cost&kind=roc&tenant=team&order=key": WALKED,
        "/belvedere/api/artifacts?q=cost+auc>0.5+-zebra+after:2020-01-01": WALKED,
        "/belvedere/api/artifacts?q=auc>0.95": WALKED,
        "/belvedere/api/artifacts?q=nothing-like-that": GATHERED,
        "/belvedere/api/groups?by=run&q=cost": FOUND_IN_GROUPS,
        "/belvedere/api/groups?by=kind&q=-zebra": WALKED_IN_GROUPS,
        "/belvedere/api/groups?by=day": GROUPS,
        "/belvedere/": WALL,
        "/belvedere/?group=kind": WALL,
        "/belvedere/?group=none": WALL - 1,
        f"/belvedere/runs?bucket={BUCKET}&run=cost/{hanging}/": RUN,
        f"/belvedere/artifacts/{rows[0]['id']}": ARTIFACT,
    }

    assert spent(own, statements, costs) == costs


@pytest.mark.parametrize("declared", [1, 60])
def test_pages_of_tenants_take_a_fixed_number_of_statements(
    own: OwnGallery, statements: list[str], declared: int
) -> None:
    for number in range(declared):
        declare_as(own.catalog, spec_of(f"cost-{declared}-{number}"))
    keep_credentials(own.catalog, f"cost-{declared}-0")
    costs = {
        "/belvedere/api/tenants": TENANTS,
        "/belvedere/tenants": TENANTS,
        f"/belvedere/api/tenants/cost-{declared}-0": TENANT,
        f"/belvedere/tenants/cost-{declared}-0": TENANT,
        "/belvedere/changes": CHANGES,
    }

    assert spent(own, statements, costs) == costs


def spent(own: OwnGallery, statements: list[str], paths: Iterable[str]) -> dict[str, int]:
    seen = {}
    for path in paths:
        statements.clear()
        assert own.client.get(path).status_code == 200
        seen[path] = len(statements)
    return seen
