"""What every route of the gallery answers to whom. A route that is not declared here fails a test: add a line.

The test asks each route as five people about one artifact of a tenant whose name, and whose artifacts, hold ``SECRET``:
no answer to an outsider may hold it, and what others are shown must (unless ``tells`` is False).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET = "zq7velvet"
TENANT = f"{SECRET}-team"
KEY = f"{SECRET}/results.csv"


class Asker(StrEnum):
    """Who asks. The operator may change Airflow's pools; the outsider belongs to another tenant."""

    MEMBER = "member"
    VIEWER = "viewer"
    OUTSIDER = "outsider"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route answers: a status for each asker.

    ``query`` and the values of ``values`` may hold ``{artifact_id}``, ``{second_id}``, ``{bucket}``, ``{key}`` and
    ``{tenant}``; ``values`` fill the path's other parameters; ``json`` and ``content`` are the request's body.
    ``says`` stands in the answer to all but the outsider: for what fails behind the door, as there is no Airflow here.
    """

    answers: Mapping[Asker, int]
    query: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    tells: bool = True
    says: str = ""
    streams: bool = False


def answers(member: int, viewer: int, outsider: int, auditor: int, operator: int) -> dict[Asker, int]:
    """Return the statuses in the order of ``Asker``."""
    return dict(zip(Asker, (member, viewer, outsider, auditor, operator), strict=True))


def everybody(*, query: str = "", tells: bool = True, streams: bool = False, **values: str) -> Rule:
    """For lists and pages that show each asker what is theirs."""
    return Rule(answers(200, 200, 200, 200, 200), query, values, tells=tells, streams=streams)


def who_sees(*, query: str = "", tells: bool = True, **values: str) -> Rule:
    """For what belongs to one tenant: to others it is not there."""
    return Rule(answers(200, 200, 404, 200, 200), query, values, tells=tells)


def who_changes(status: int = 200, *, json: Any = None, tells: bool = False, **values: str) -> Rule:
    """For changes of what belongs to one tenant: members and operators."""
    return Rule(answers(status, 403, 404, 403, status), "", values, json, tells=tells)


def operators(status: int = 200, *, query: str = "", json: Any = None, tells: bool = False, **values: str) -> Rule:
    """For operators alone."""
    return Rule(answers(403, 403, 403, 403, status), query, values, json, tells=tells)


def overseers(status: int = 200, *, query: str = "", tells: bool = False, **values: str) -> Rule:
    """For who sees every tenant: auditors and operators."""
    return Rule(answers(403, 403, 403, status, status), query, values, tells=tells)


def no_subscription(*, changes: bool = False, json: Any = None) -> Rule:
    """For one subscription of a tenant that has none: whoever may ask learns that, a change is refused first."""
    refused = 403 if changes or json is not None else 404
    return Rule(answers(404, refused, 404, refused, 404), "", {"subscription_id": "0" * 24}, json, tells=False)


ONE_SUBSCRIPTION = "/api/tenants/{tenant}/subscriptions/{subscription_id}"
ROUTES: dict[tuple[str, str], Rule] = {
    # Pages
    ("GET", "/"): everybody(),
    ("GET", "/runs"): who_sees(query=f"bucket={{bucket}}&run={SECRET}/"),
    ("GET", "/artifacts/{artifact_id}"): who_sees(),
    ("GET", "/object"): Rule(answers(303, 303, 404, 303, 303), query="bucket={bucket}&key={key}", tells=False),
    ("GET", "/help"): everybody(tells=False),
    ("GET", "/operations"): overseers(query="state=dead&code=malformed", tells=True),
    ("GET", "/notifications"): everybody(),
    ("GET", "/tenants"): everybody(),
    ("GET", "/tenants/{tenant}"): who_sees(),
    ("GET", "/changes"): everybody(),
    ("GET", "/dags/{dag_id}/runs/{run_id}"): everybody(dag_id="d", run_id="r"),
    ("GET", "/dags/{dag_id}/runs/{run_id}/tasks/{task_id}"): everybody(dag_id="d", run_id="r", task_id="t"),
    ("GET", "/upload"): everybody(tells=False),
    # Artifacts
    ("GET", "/api/artifacts"): everybody(query="limit=200"),
    ("GET", "/api/artifacts/lookup"): who_sees(query="bucket={bucket}&key={key}"),
    ("GET", "/api/artifacts/{artifact_id}"): who_sees(),
    ("GET", "/api/artifacts/{artifact_id}/family"): who_sees(tells=False),
    ("GET", "/api/artifacts/{artifact_id}/versions"): who_sees(),
    ("GET", "/api/artifacts/{artifact_id}/rows"): who_sees(),
    ("GET", "/api/artifacts/{artifact_id}/rows.csv"): who_sees(),
    ("POST", "/api/artifacts/{artifact_id}/rerender"): who_changes(202),
    ("GET", "/api/artifacts/{artifact_id}/export"): who_sees(tells=False),
    ("GET", "/api/artifacts/{artifact_id}/log"): Rule(answers(404, 404, 404, 404, 404), tells=False, says="no_run"),
    ("GET", "/compare"): who_sees(query="ids={artifact_id},{second_id}"),
    ("GET", "/api/compare"): who_sees(query="ids={artifact_id},{second_id}"),
    ("GET", "/api/export/key"): everybody(tells=False),
    ("GET", "/api/dags/{dag_id}/runs/{run_id}/artifacts"): everybody(dag_id="d", run_id="r"),
    # Groups and searches
    ("GET", "/api/groups"): everybody(query="by=tenant&limit=50"),
    ("GET", "/api/complete"): everybody(query="term=tenant:"),
    ("GET", "/api/views"): everybody(tells=False),
    ("POST", "/api/views"): Rule(answers(201, 201, 201, 201, 201), json={"name": "v", "query": "q=a"}, tells=False),
    ("DELETE", "/api/views/{view_id}"): Rule(answers(404, 404, 404, 404, 404), values={"view_id": "9999"}, tells=False),
    # Live changes and counts
    ("GET", "/api/events"): everybody(query="since=0", streams=True),
    ("GET", "/api/stats"): everybody(),
    # Tenants and people
    ("GET", "/api/me"): everybody(tells=False),
    ("GET", "/api/tenants"): everybody(),
    ("GET", "/api/tenants/schema"): everybody(tells=False),
    ("GET", "/api/tenants/{tenant}"): who_sees(),
    ("GET", "/api/tenants/{tenant}/changes"): who_sees(),
    ("GET", "/api/changes"): everybody(),
    # the tenant is not declared, so a member by name learns that it has no key; test_tenants.py asks one that is
    ("POST", "/api/tenants/{tenant}/credentials"): Rule(answers(409, 403, 404, 403, 403), tells=False),
    ("GET", "/api/tenants/{tenant}/members"): who_sees(),
    ("PUT", "/api/tenants/{tenant}/members/{user}"): operators(204, json={"role": "viewer"}, user="newcomer"),
    ("DELETE", "/api/tenants/{tenant}/members/{user}"): operators(204, user="leaver"),
    # Notifications (of subscriptions that are not there: what is there is asked in test_subscriptions.py)
    ("GET", "/api/tenants/{tenant}/subscriptions"): who_sees(tells=False),
    ("POST", "/api/tenants/{tenant}/subscriptions"): Rule(
        answers(400, 403, 404, 403, 400), json={"url": "https://127.0.0.1/"}, tells=False
    ),
    ("GET", ONE_SUBSCRIPTION): no_subscription(),
    ("PUT", ONE_SUBSCRIPTION): no_subscription(json={"url": "https://127.0.0.1/"}),
    ("DELETE", ONE_SUBSCRIPTION): no_subscription(changes=True),
    ("GET", f"{ONE_SUBSCRIPTION}/deliveries"): no_subscription(),
    ("POST", f"{ONE_SUBSCRIPTION}/ping"): no_subscription(changes=True),
    ("POST", f"{ONE_SUBSCRIPTION}/redrive"): no_subscription(json={}),
    ("POST", f"{ONE_SUBSCRIPTION}/rotate"): no_subscription(changes=True),
    # Operations and uploads
    ("GET", "/api/operations"): overseers(tells=True),
    ("GET", "/api/operations/lag"): Rule(answers(403, 403, 403, 503, 503), tells=False),
    ("GET", "/api/operations/failures"): overseers(query="state=dead&code=malformed"),
    ("POST", "/api/operations/failures/redrive"): operators(json={"artifacts": ["0" * 24]}),
    ("GET", "/api/operations/dead-events"): overseers(),
    ("GET", "/api/operations/dead-events/{event_id}"): overseers(404, event_id="1"),
    ("POST", "/api/operations/dead-events/redrive"): operators(json={"events": [1]}),
    ("GET", "/api/uploads"): everybody(tells=False),
    ("POST", "/api/uploads"): Rule(
        answers(201, 403, 404, 403, 201), query="tenant={tenant}&name=a.csv", content=b"a,b\n1,2\n", tells=False
    ),
    ("GET", "/api/openapi.json"): everybody(tells=False),
}
# Served without a login: the address itself is the permission, or there is nothing to hide.
PUBLIC = {("GET", "/preview/{token}/{name:path}"), ("", "/static")}
