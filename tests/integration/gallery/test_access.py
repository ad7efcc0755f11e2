"""Who sees and does what, asked of every route of the app over a real catalog; the rules stand in the access table."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import Request  # noqa: TC002 - FastAPI reads it
from fastapi.routing import APIRoute
from tests.harness.access_table import KEY, PUBLIC, ROUTES, SECRET, TENANT, Asker, Rule
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET

from belvedere.catalog.memberships import grant, revoke
from belvedere.catalog.tenant_changes import NewChange, record_change
from belvedere.gallery.app import create_app
from belvedere.gallery.auth import Identity, identity
from belvedere.model.access import ALL_TENANTS, EVERYONE, Role
from belvedere.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page
    from tests.harness.own_gallery import OwnGallery

    from belvedere.clients.postgres import Connection

ASKER = "X-Test-Asker"
VISITOR = "Anonymous"
NEVER = "0123456789abcdef01234567"
OTHERS = "other-team"
TABLE = b"name,count\n" + "".join(f"{SECRET} {n},{n}\n" for n in range(5)).encode()


def declared_by_app() -> set[tuple[str, str]]:
    """Every method and path that the app answers to."""
    found: set[tuple[str, str]] = set()
    for route in create_app(Settings(capability_secret="x")).routes:
        methods = route.methods if isinstance(route, APIRoute) else {""}
        found |= {(method, route.path) for method in methods}  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="module")
def asked(own: OwnGallery) -> Iterator[dict[str, str]]:
    """A gallery that believes a header about who asks; the values that paths are filled with."""

    def named(request: Request) -> Identity:
        name = request.headers.get(ASKER) or request.cookies.get(ASKER, "nobody")
        return Identity(name, operates=name == Asker.OPERATOR, public=name == VISITOR)

    before = own.app.dependency_overrides[identity]
    own.app.dependency_overrides[identity] = named
    add_source(own.catalog, f"{SECRET}-bucket", TENANT)
    own.s3.make_bucket(f"{SECRET}-bucket")
    add_source(own.catalog, f"{OTHERS}-bucket", OTHERS)
    for asker, role in ((Asker.MEMBER, Role.MEMBER), (Asker.VIEWER, Role.VIEWER)):
        grant(own.catalog, TENANT, asker, role)
    grant(own.catalog, TENANT, "leaver", Role.VIEWER)
    record_change(
        own.catalog, NewChange(tenant=TENANT, actor="admin", action="create_bucket", summary=f"make {SECRET}")
    )
    grant(own.catalog, OTHERS, Asker.OUTSIDER, Role.MEMBER)
    grant(own.catalog, ALL_TENANTS, Asker.AUDITOR, Role.AUDITOR)
    own.hang("others/own.csv", {"thumbnail.svg": b"<svg/>"}, tenant=OTHERS, facts={})
    artifact_id = own.hang(
        KEY,
        {"thumbnail.svg": f"<svg><text>{SECRET}</text></svg>".encode(), "data.json": b'{"a": 1}'},
        TABLE,
        tenant=TENANT,
        kind="table",
        title=f"{SECRET} results",
        facts={"table": {"rows": 5, "columns": 2, "note": SECRET}},
    )
    second = own.hang(
        f"{SECRET}/d/r/t/second.csv", {}, tenant=TENANT, facts={"note": SECRET}, run_dag_id="d", run_id="r"
    )
    yield {"artifact_id": artifact_id, "second_id": second, "bucket": BUCKET, "key": KEY, "tenant": TENANT}
    own.app.dependency_overrides[identity] = before


def test_every_route_says_who_may_ask_it() -> None:
    undeclared = declared_by_app() - set(ROUTES) - PUBLIC
    gone = (set(ROUTES) | PUBLIC) - declared_by_app()

    assert not undeclared, "say in tests/harness/access_table.py who may ask these"
    assert not gone, "take these out of tests/harness/access_table.py"


@pytest.mark.parametrize("asker", Asker)
@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda value: value)
def test_each_route_answers_as_declared(
    own: OwnGallery, asked: dict[str, str], method: str, path: str, asker: Asker
) -> None:
    rule = ROUTES[method, path]

    status, text = ask(own, rule, method, path, asked, asker)

    assert (status, text[:300] if status != rule.answers[asker] else "") == (rule.answers[asker], "")
    assert not rule.says or (rule.says in text) is (asker is not Asker.OUTSIDER)
    if asker is Asker.OUTSIDER:
        assert SECRET not in without_what_was_asked(text, asked)
    elif status < 300 and rule.tells:
        assert SECRET in text


@pytest.mark.parametrize(
    ("method", "path"), [at for at, rule in ROUTES.items() if rule.answers[Asker.OUTSIDER] == 404], ids=lambda v: v
)
def test_what_is_anothers_looks_like_what_never_was(
    own: OwnGallery, asked: dict[str, str], method: str, path: str
) -> None:
    rule = ROUTES[method, path]
    never = {
        "artifact_id": NEVER,
        "second_id": NEVER[::-1],
        "bucket": "never-bucket",
        "key": "never/was.csv",
        "tenant": "never-team",
    }

    status, foreign = ask(own, rule, method, path, asked, Asker.OUTSIDER)
    _, missing = ask(own, rule, method, path, never, Asker.OUTSIDER)

    assert status == 404
    assert without_what_was_asked(foreign, asked) == without_what_was_asked(missing, never)


@pytest.mark.parametrize(("method", "path"), [at for at in ROUTES if at[0] != "GET"], ids=lambda value: value)
def test_no_other_site_can_make_a_browser_change_anything(
    own: OwnGallery, asked: dict[str, str], method: str, path: str
) -> None:
    status, text = ask(own, ROUTES[method, path], method, path, asked, Asker.OPERATOR, own_page=False)

    assert (status, "cross_site_request" in text) == (403, True)


def test_a_membership_counts_from_its_grant_to_its_end(own: OwnGallery, asked: dict[str, str]) -> None:
    address = f"/belvedere/api/artifacts/{asked['artifact_id']}"
    seen = [status_for(own, address, "guest")]
    grant(own.catalog, TENANT, "guest", Role.VIEWER)
    seen.append(status_for(own, address, "guest"))
    revoke(own.catalog, TENANT, "guest")
    seen.append(status_for(own, address, "guest"))

    assert seen == [404, 200, 404]


def test_what_is_everybodys_is_a_newcomers_too_unless_said_otherwise(
    own: OwnGallery, asked: dict[str, str], catalog: Connection
) -> None:
    grant(catalog, OTHERS, EVERYONE, Role.MEMBER)
    grant(catalog, OTHERS, "restricted", Role.VIEWER)
    others = next(a for a in listed(own, "newcomer-to-all") if a["tenant"] == OTHERS)
    rerender = f"/belvedere/api/artifacts/{others['id']}/rerender"

    assert status_for(own, rerender, "newcomer-to-all", "POST") == 202
    assert status_for(own, rerender, "restricted", "POST") == 403
    assert not [a for a in listed(own, "newcomer-to-all") if a["tenant"] == TENANT]
    revoke(catalog, OTHERS, EVERYONE)


def test_filters_pages_and_searches_never_reach_another_tenant(own: OwnGallery, asked: dict[str, str]) -> None:
    queries = (
        f"tenant={TENANT}",
        f"q={SECRET}",
        f"prefix={SECRET}/",
        f"bucket={BUCKET}",
        "kind=table",
        "order=key&limit=1",
    )

    for query in queries:
        found = get(own, f"/belvedere/api/artifacts?{query}", Asker.OUTSIDER).json()
        assert {a["tenant"] for a in found["artifacts"]} <= {OTHERS}, query
        assert found["total"] == len([a for a in found["artifacts"] if a["tenant"] == OTHERS]), query
    both = get(own, f"/belvedere/api/artifacts?tenant={TENANT}", Asker.MEMBER).json()
    assert both["total"] == len(both["artifacts"]) > 0


def test_an_open_stream_tells_each_only_of_their_own(own: OwnGallery, asked: dict[str, str]) -> None:
    with listening(own, Asker.OUTSIDER) as outsider, listening(own, Asker.MEMBER) as member:
        write_artifacts(own.catalog, artifact_row(f"{SECRET}/live", 1, tenant=TENANT, bucket=BUCKET))
        write_artifacts(own.catalog, artifact_row("others/live", 2, tenant=OTHERS, bucket=BUCKET))

        assert f"{SECRET}/live" in next_data(member)
        assert "others/live" in next_data(outsider)


def test_an_open_stream_begins_anew_when_its_users_tenants_change(own: OwnGallery, asked: dict[str, str]) -> None:
    with listening(own, "joiner") as joiner, listening(own, Asker.MEMBER) as member:
        grant(own.catalog, TENANT, "joiner", Role.VIEWER)
        assert not [line for line in joiner if "event: artifact" in line], "it ended: browsers connect again"

        write_artifacts(own.catalog, artifact_row(f"{SECRET}/joined", 3, tenant=TENANT, bucket=BUCKET))
        assert f"{SECRET}/joined" in next_data(member), "others' streams go on"


def test_who_logs_in_after_another_in_the_same_browser_hears_nothing_of_theirs(
    own: OwnGallery, asked: dict[str, str], browser: Browser
) -> None:
    context = browser.new_context()
    member, outsider = (wall_of(asker, own, context) for asker in (Asker.MEMBER, Asker.OUTSIDER))

    write_artifacts(own.catalog, artifact_row(f"{SECRET}-worker.csv", 4, tenant=TENANT, bucket=BUCKET))
    write_artifacts(own.catalog, artifact_row("others-worker.csv", 5, tenant=OTHERS, bucket=BUCKET))

    member.bring_to_front()
    member.get_by_text(f"{SECRET}-worker.csv").first.wait_for()
    outsider.bring_to_front()
    outsider.get_by_text("others-worker.csv").first.wait_for()
    assert SECRET not in outsider.content()
    context.close()


def test_visitors_without_a_login_see_what_is_everybodys_and_change_nothing(
    own: OwnGallery, asked: dict[str, str]
) -> None:
    grant(own.catalog, OTHERS, EVERYONE, Role.MEMBER)
    seen = listed(own, VISITOR)
    refused = own.client.post(
        f"/belvedere/api/artifacts/{seen[0]['id']}/rerender", headers={ASKER: VISITOR, "X-Belvedere": "test"}
    )
    revoke(own.catalog, OTHERS, EVERYONE)

    assert {artifact["tenant"] for artifact in seen} == {OTHERS}
    assert (refused.status_code, "log in first" in refused.text) == (403, True)


def test_one_readers_place_in_a_list_gives_another_nothing(own: OwnGallery, asked: dict[str, str]) -> None:
    rows = [artifact_row(f"{SECRET}/page/{n}", n, tenant=TENANT, bucket=BUCKET) for n in range(3)]
    write_artifacts(own.catalog, *rows)
    cursor = get(own, "/belvedere/api/artifacts?limit=1", Asker.MEMBER).json()["next_cursor"]

    found = get(own, f"/belvedere/api/artifacts?cursor={cursor}", Asker.OUTSIDER)

    assert found.status_code == 200
    assert SECRET not in found.text


@pytest.mark.parametrize(
    ("tenant", "user", "role", "part"),
    [
        (TENANT, "u", "owner", "role"),
        (TENANT, "u", "auditor", "role"),
        ("*", "u", "member", "role"),
        (TENANT, "a%07b", "viewer", "user"),
        (TENANT, "%20", "viewer", "user"),
    ],
)
def test_a_role_that_makes_no_sense_is_refused_by_its_part(
    own: OwnGallery, asked: dict[str, str], tenant: str, user: str, role: str, part: str
) -> None:
    answer = own.client.put(
        f"/belvedere/api/tenants/{tenant}/members/{user}",
        json={"role": role},
        headers={ASKER: Asker.OPERATOR, "X-Belvedere": "test"},
    )

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"{part}: ")


def test_members_are_given_listed_and_taken(
    own: OwnGallery, asked: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    headers = {ASKER: Asker.OPERATOR, "X-Belvedere": "test"}
    address = f"/belvedere/api/tenants/{TENANT}/members"
    caplog.set_level("INFO")

    own.client.put(f"{address}/ada@example.org", json={"role": "member"}, headers=headers).raise_for_status()
    roles = {m["user"]: m["role"] for m in get(own, address, Asker.VIEWER).json()["members"]}
    me = get(own, "/belvedere/api/me", "ada@example.org").json()
    gone = [own.client.delete(f"{address}/ada@example.org", headers=headers).status_code for _ in range(2)]

    assert roles["ada@example.org"] == "member"
    assert (me["tenants"][TENANT], me["operates"], me["sees_all"]) == ("member", False, False)
    assert gone == [204, 404]
    assert "'operator' made 'ada@example.org' member of tenant" in caplog.text
    assert "'operator' took 'ada@example.org' out of tenant" in caplog.text


def ask(
    own: OwnGallery, rule: Rule, method: str, path: str, values: dict[str, str], asker: str, *, own_page: bool = True
) -> tuple[int, str]:
    filled = values | {name: value.format(**values) for name, value in rule.values.items()}
    escaped = {name: quote(value, safe="") for name, value in filled.items()}
    address = "/belvedere" + path.replace(":path}", "}").format(**escaped)
    if rule.query:
        address += "?" + rule.query.format(**escaped)
    headers = {ASKER: asker, **rule.headers} | ({"X-Belvedere": "test"} if own_page else {})
    deadline = time.monotonic() + 30
    with own.client.stream(method, address, json=rule.json, content=rule.content, headers=headers) as answer:
        status, text = answer.status_code, read(answer, rule)
    if status == 202 and rule.answers[Asker.OPERATOR] == 200 and time.monotonic() < deadline:
        time.sleep(0.1)  # a table is being prepared: ask again
        return ask(own, rule, method, path, values, asker, own_page=own_page)
    return status, text


def read(answer: httpx.Response, rule: Rule) -> str:
    if not rule.streams or answer.status_code >= 300:
        return answer.read().decode("utf-8", "replace")
    text = ""
    for piece in answer.iter_text():
        text += piece
        if "event: ready" in text or "event: reset" in text:
            break
    return text


def without_what_was_asked(text: str, values: dict[str, str]) -> str:
    """Leave out what a request itself said, in any of its spellings, and what changes from answer to answer."""
    for value in sorted(values.values(), key=len, reverse=True):
        for spelling in {value, quote(value, safe=""), quote(value)}:
            text = text.replace(spelling, "")
    return re.sub(r"\d\d:\d\d:\d\d", "", text)


def wall_of(asker: str, own: OwnGallery, context: BrowserContext) -> Page:
    """Open the wall as somebody who has just logged in, in a browser that others have used before."""
    context.add_cookies([{"name": ASKER, "value": asker, "url": own.url}])
    page = context.new_page()
    page.goto(f"{own.url}/belvedere/")
    page.wait_for_selector("#live[data-level=live]")
    return page


def get(own: OwnGallery, address: str, asker: str) -> httpx.Response:
    return own.client.get(address, headers={ASKER: asker})


def listed(own: OwnGallery, asker: str) -> list[Any]:
    found: list[Any] = get(own, "/belvedere/api/artifacts?limit=200", asker).json()["artifacts"]
    return found


def status_for(own: OwnGallery, address: str, asker: str, method: str = "GET") -> int:
    return own.client.request(method, address, headers={ASKER: asker, "X-Belvedere": "test"}).status_code


@contextmanager
def listening(own: OwnGallery, asker: str) -> Iterator[Iterator[str]]:
    with (
        httpx.Client(base_url=own.url, timeout=30.0, trust_env=False) as client,
        client.stream("GET", "/belvedere/api/events", headers={ASKER: asker}) as answer,
    ):
        lines = answer.iter_lines()
        assert any(line == "event: ready" for line in lines)
        yield lines


def next_data(lines: Iterator[str]) -> str:
    """Return the next artifact's JSON."""
    return next(line for line in lines if line.startswith("data: ") and '"key":' in line)
