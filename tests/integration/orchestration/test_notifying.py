"""From a rendering's end to a webhook: the catalog's trigger, the fan-out, the senders, over a real database."""

from __future__ import annotations

import base64
import hashlib
import hmac
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.apart import apart
from tests.harness.databases import empty
from tests.harness.gallery_rows import artifact_row, write_artifacts
from tests.harness.receiver import Receiver, receiving

from belvedere.catalog import deliveries
from belvedere.catalog.deliveries import Failing, Message
from belvedere.catalog.reports import fanned_out_news
from belvedere.catalog.subscriptions import MOST_OF_TENANT, Wish, change, subscribe, subscription
from belvedere.clients.airflow_api import AirflowApi
from belvedere.clients.postgres import connect
from belvedere.errors import LimitExceeded, PermanentError
from belvedere.model.report import EventMode, ReportKind
from belvedere.model.subscription import WebhookSigner
from belvedere.orchestration import announcing, sending
from belvedere.orchestration.announcing import Announcer, FanOut
from belvedere.orchestration.sending import Sender
from belvedere.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.clients.postgres import Connection
    from belvedere.model.subscription import Subscription
    from belvedere.orchestration.loops import Loop

SECRET = "a secret of tests"


@pytest.fixture(autouse=True)
def _quick(catalog: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    empty(catalog)
    monkeypatch.setattr(announcing, "GATHER_SECONDS", 0.0)
    monkeypatch.setattr(announcing, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(sending, "WAIT_SECONDS", 0.01)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def settings(catalog_dsn: str, receiver: Receiver) -> Settings:
    return Settings(catalog_dsn=catalog_dsn, capability_secret=SECRET, webhook_hosts=(receiver.place,))


@contextmanager
def opened(loop: Loop) -> Iterator[None]:
    with ExitStack() as resources:
        loop.open(resources)
        yield


def fan_out(settings: Settings) -> FanOut:
    """Read all news there are."""
    loop = FanOut(settings)
    with opened(loop):
        loop.step()
    return loop


def send(settings: Settings, turns: int = 1) -> Sender:
    """Let a sender take some turns."""
    loop = Sender(settings)
    with opened(loop):
        for _ in range(turns):
            apart(loop.step)
    return loop


def rest_is_over(catalog: Connection) -> None:
    catalog.execute("update subscriptions set retry_at = null")
    catalog.execute("update deliveries set next_at = now() where state = 'waiting'")


def wish(receiver: Receiver, **changes: Any) -> Wish:
    return Wish(**({"url": receiver.url, "events": (ReportKind.READY, ReportKind.FAILED)} | changes))


def render(catalog: Connection, key: str, number: int = 1, **columns: Any) -> dict[str, Any]:
    """Let an artifact come and be rendered, as the loop does: in two changes."""
    row = artifact_row(key, number, **columns)
    write_artifacts(catalog, row | {"state": "queued", "rendered_at": None})
    write_artifacts(catalog, row)
    return row


def states(catalog: Connection, subscription_id: str) -> list[str]:
    return [each.state for each in reversed(deliveries.deliveries(catalog, subscription_id))]


def test_whoever_subscribed_is_told_of_a_picture_and_can_verify_it(
    catalog: Connection, settings: Settings, receiver: Receiver
) -> None:
    mine = subscribe(catalog, "team", "alice", wish(receiver))
    row = render(catalog, "runs/roc.csv")

    fan_out(settings)
    send(settings)

    (message,) = receiver.received
    assert message.headers["ce-type"] == "io.belvedere.report.ready"
    assert message.headers["webhook-id"] == message.headers["ce-id"]
    assert (message.json["id"], message.json["facts"]) == (row["id"], row["facts"])
    secret = base64.b64decode(WebhookSigner.of(SECRET).secret(mine.id, 1).removeprefix("whsec_"))
    said = f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}.".encode() + message.body
    digest = hmac.new(secret, said, hashlib.sha256).digest()
    assert message.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert states(catalog, mine.id) == ["delivered"]


def test_structured_messages_hold_the_whole_event(catalog: Connection, settings: Settings, receiver: Receiver) -> None:
    subscribe(catalog, "team", "alice", wish(receiver, mode=EventMode.STRUCTURED))
    row = render(catalog, "runs/roc.csv")

    fan_out(settings)
    send(settings)

    (message,) = receiver.received
    assert message.headers["content-type"].startswith("application/cloudevents+json")
    assert message.json["data"]["id"] == row["id"]


def test_only_the_end_of_a_rendering_is_news(catalog: Connection, settings: Settings, receiver: Receiver) -> None:
    subscribe(catalog, "team", "alice", wish(receiver))
    render(catalog, "runs/roc.csv")
    assert fan_out(settings).messages == 1

    catalog.execute("update artifacts set title = 'other', seq = nextval('artifact_seq')")
    catalog.execute("update artifacts set state = 'queued'")

    assert fan_out(settings).messages == 0


def test_a_rendering_again_is_told_again(catalog: Connection, settings: Settings, receiver: Receiver) -> None:
    subscribe(catalog, "team", "alice", wish(receiver))
    render(catalog, "runs/roc.csv")
    fan_out(settings)

    catalog.execute("update artifacts set rendered_at = now()")
    fan_out(settings)
    send(settings)

    assert len({message.headers["ce-id"] for message in receiver.received}) == 2


def test_what_an_object_said_between_two_looks_is_told_once(
    catalog: Connection, settings: Settings, receiver: Receiver
) -> None:
    subscribe(catalog, "team", "alice", wish(receiver))
    for number in range(4):
        catalog.execute("update artifacts set is_latest = false")
        last = render(catalog, "runs/progress.txt", number)
    catalog.execute("update artifacts set rendered_at = now() where is_latest")

    fan_out(settings)
    send(settings)

    assert [message.json["id"] for message in receiver.received] == [last["id"]]


def test_parts_of_other_artifacts_are_not_told_and_failures_only_to_who_asked(
    catalog: Connection, settings: Settings, receiver: Receiver
) -> None:
    ready = subscribe(catalog, "team", "alice", wish(receiver, events=(ReportKind.READY,)))
    both = subscribe(catalog, "team", "alice", wish(receiver))
    render(catalog, "coco/image.jpg", part=True)
    render(catalog, "broken.csv", state="dead", error_code="malformed", error_message="row 3")

    fan_out(settings)

    assert (states(catalog, ready.id), states(catalog, both.id)) == ([], ["waiting"])


def test_no_tenant_hears_of_another(catalog: Connection, settings: Settings, receiver: Receiver) -> None:
    others = subscribe(catalog, "other", "mallory", wish(receiver))
    render(catalog, "runs/roc.csv", tenant="team")

    fan_out(settings)

    assert states(catalog, others.id) == []


def test_a_target_that_fails_rests_and_hears_it_again_later(
    catalog: Connection, settings: Settings, receiver: Receiver
) -> None:
    mine = subscribe(catalog, "team", "alice", wish(receiver))
    receiver.answers = [(500, {}), (503, {"Retry-After": "120"})]
    for key in ("a.csv", "b.csv"):
        render(catalog, key)
    fan_out(settings)

    send(settings, turns=3)
    assert len(receiver.received) == 1, "while it rests nothing is sent"
    rest_is_over(catalog)
    send(settings)
    rested = catalog.execute("select retry_at > now() + interval '100 seconds' as long from subscriptions").fetchone()
    rest_is_over(catalog)
    send(settings)

    assert rested == {"long": True}, "as long as it asked for"
    assert states(catalog, mine.id) == ["delivered", "delivered"]
    assert len({message.headers["webhook-id"] for message in receiver.received}) == 2
    found = subscription(catalog, "team", mine.id)
    assert found is not None
    assert (found.failures, found.problem) == (0, None)


def test_messages_of_one_object_keep_their_order_while_others_pass(
    catalog: Connection, settings: Settings, receiver: Receiver
) -> None:
    mine = subscribe(catalog, "team", "alice", wish(receiver))
    receiver.answers = [(500, {})]
    first = render(catalog, "a.csv")
    fan_out(settings)
    send(settings)
    catalog.execute("update subscriptions set retry_at = null")

    catalog.execute("update artifacts set rendered_at = now()")
    other = render(catalog, "b.csv")
    fan_out(settings)
    send(settings)
    assert [message.json["id"] for message in receiver.received[1:]] == [other["id"]]
    rest_is_over(catalog)
    send(settings)

    assert [message.json["id"] for message in receiver.received[2:]] == [first["id"]] * 2
    told = [message.json["rendered_at"] for message in receiver.received[2:]]
    assert told == sorted(told)
    assert states(catalog, mine.id) == ["delivered"] * 3


def test_a_message_that_failed_often_gives_way_to_a_newer_one(catalog: Connection, receiver: Receiver) -> None:
    mine = subscribe(catalog, "team", "alice", wish(receiver))
    for number in ("old", "new"):
        deliveries.enqueue(catalog, [Message(mine.id, {"id": number, "type": "t"}, "b", "k")])
    seen = []
    for _ in range(deliveries.PATIENCE):
        rest_is_over(catalog)
        delivery = deliveries.next_delivery(catalog, mine.id)
        assert delivery is not None
        assert delivery.event_id == "old"
        seen.append(deliveries.failed(catalog, mine, delivery, Failing("no"), most_attempts=9))

    following = deliveries.next_delivery(catalog, mine.id)

    assert seen == ["waiting", "waiting", "dead"]
    assert following is not None
    assert following.event_id == "new"


def test_a_message_that_never_arrives_is_given_up_and_can_be_sent_again(
    catalog: Connection, settings: Settings, receiver: Receiver
) -> None:
    mine = subscribe(catalog, "team", "alice", wish(receiver))
    attempts = len(deliveries.RETRY_SECONDS) + 1
    receiver.answers = [(500, {})] * attempts
    render(catalog, "a.csv")
    fan_out(settings)
    for _ in range(attempts):
        rest_is_over(catalog)
        send(settings)

    assert states(catalog, mine.id) == ["dead"]
    assert len({message.headers["webhook-id"] for message in receiver.received}) == 1, "one event keeps its id"
    assert deliveries.redrive(catalog, mine.id, None) == 1
    send(settings)
    assert states(catalog, mine.id) == ["delivered"]


@pytest.mark.parametrize(
    ("answer", "problem", "enabled"),
    [((302, {"Location": "http://169.254.169.254/"}), "redirect", True), ((410, {}), "410", False)],
)
def test_a_target_that_leads_elsewhere_or_is_gone_is_not_asked_again(
    catalog: Connection,
    settings: Settings,
    receiver: Receiver,
    answer: tuple[int, dict[str, str]],
    problem: str,
    enabled: bool,
) -> None:
    mine = subscribe(catalog, "team", "alice", wish(receiver))
    receiver.answers = [answer]
    render(catalog, "a.csv")
    fan_out(settings)

    send(settings)

    (delivery,) = deliveries.deliveries(catalog, mine.id)
    assert (delivery.state, delivery.attempts) == ("dead", 1)
    assert problem in (delivery.problem or "")
    found = subscription(catalog, "team", mine.id)
    assert found is not None
    assert found.enabled is enabled


def test_a_private_target_hears_nothing(catalog: Connection, settings: Settings, receiver: Receiver) -> None:
    strict = settings.model_copy(update={"webhook_hosts": ()})
    mine = subscribe(catalog, "team", "alice", wish(receiver, url=receiver.url.replace("http:", "https:")))
    render(catalog, "a.csv")
    fan_out(strict)

    send(strict)

    assert receiver.received == []
    assert states(catalog, mine.id) == ["dead"]


def test_a_target_that_is_away_holds_up_nobody_else(
    catalog: Connection, settings: Settings, receiver: Receiver
) -> None:
    nobody = settings.model_copy(update={"webhook_hosts": (*settings.webhook_hosts, "127.0.0.1:1")})
    away = subscribe(catalog, "team", "alice", wish(receiver, url="http://127.0.0.1:1/"))
    here = subscribe(catalog, "team", "alice", wish(receiver))
    for number in range(5):
        render(catalog, f"{number}.csv")
    fan_out(nobody)

    send(nobody, turns=2)

    assert states(catalog, here.id) == ["delivered"] * 5
    assert states(catalog, away.id) == ["waiting"] * 5
    assert [each.attempts for each in deliveries.deliveries(catalog, away.id)].count(1) == 1, "one try, then it rests"


def test_a_target_never_hears_two_messages_at_once(catalog: Connection, receiver: Receiver) -> None:
    mine = subscribe(catalog, "team", "alice", wish(receiver))
    deliveries.enqueue(catalog, [Message(mine.id, {"id": str(n), "type": "t"}, "b", str(n)) for n in range(3)])

    first = deliveries.lease_subscription(catalog, 60)
    second = deliveries.lease_subscription(catalog, 60)
    deliveries.release(catalog, mine.id)
    third = deliveries.lease_subscription(catalog, 60)

    assert [each is not None for each in (first, second, third)] == [True, False, True]


def test_what_a_dead_sender_had_in_hand_is_sent_by_the_next(
    catalog: Connection, settings: Settings, receiver: Receiver
) -> None:
    mine = subscribe(catalog, "team", "alice", wish(receiver))
    deliveries.enqueue(catalog, [Message(mine.id, {"id": "1", "type": "t", "datacontenttype": "x", "data": {}})])
    assert deliveries.lease_subscription(catalog, -1) is not None

    send(settings)

    assert states(catalog, mine.id) == ["delivered"]


def test_one_process_at_a_time_reads_the_news(catalog: Connection, catalog_dsn: str, settings: Settings) -> None:
    render(catalog, "a.csv")
    fan_out(settings)

    with connect(catalog_dsn) as another, fanned_out_news(catalog) as mine, fanned_out_news(another) as theirs:
        assert (len(mine.reports), len(theirs.ids)) == (1, 0)

    with fanned_out_news(catalog) as told:
        assert told.ids == ()


class FakeAirflow:
    """Airflow's REST API as far as assets go; ``gone`` assets refuse their events."""

    def __init__(self, assets: dict[str, int]) -> None:
        self.assets = assets
        self.gone: set[int] = set()
        self.events: list[tuple[int, list[str]]] = []

    def __enter__(self) -> FakeAirflow:
        return self

    def __exit__(self, *_error: object) -> None:
        """Nothing to close."""

    def request(self, method: str, path: str, *, json: Any = None, params: Any = None) -> Any:
        if method == "GET":
            assert params["uri_prefix_pattern"] == "belvedere://reports"
            return {"assets": [{"uri": uri, "id": number} for uri, number in self.assets.items()]}
        assert path == "/assets/events"
        if json["asset_id"] in self.gone:
            raise PermanentError("no such asset")
        self.events.append((json["asset_id"], [each["key"] for each in json["extra"]["artifacts"]]))
        return {}


def announce(settings: Settings, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AirflowApi, "from_settings", lambda _settings: airflow)
    loop = Announcer(settings)
    with opened(loop):
        loop.step()


def test_assets_that_a_dag_names_are_told_of_what_is_ready(
    catalog: Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    render(catalog, "a.csv")
    render(catalog, "b.json", kind="table")
    render(catalog, "c.csv", tenant="other", bucket="other")
    render(catalog, "d.csv", state="dead")
    fan_out(settings)
    airflow = FakeAirflow({"belvedere://reports/team/": 1, "belvedere://reports/team/table": 2, "belvedere://else": 3})

    announce(settings, airflow, monkeypatch)
    announce(settings, airflow, monkeypatch)

    assert airflow.events == [(1, ["a.csv", "b.json"]), (2, ["b.json"])]


def test_an_asset_that_is_gone_keeps_the_others_from_nothing(
    catalog: Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    render(catalog, "a.csv")
    fan_out(settings)
    airflow = FakeAirflow({"belvedere://reports": 1, "belvedere://reports/team": 2})
    airflow.gone = {1}

    announce(settings, airflow, monkeypatch)

    assert airflow.events == [(2, ["a.csv"])]


def test_news_that_airflow_could_not_take_are_told_later(
    catalog: Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    render(catalog, "a.csv")
    fan_out(settings)
    airflow = FakeAirflow({"belvedere://reports": 1})
    monkeypatch.setattr(airflow, "request", lambda *_a, **_o: (_ for _ in ()).throw(OSError("away")))
    with pytest.raises(OSError, match="away"):
        announce(settings, airflow, monkeypatch)

    later = FakeAirflow({"belvedere://reports": 1})
    announce(settings, later, monkeypatch)

    assert later.events == [(1, ["a.csv"])]


def test_a_tenant_has_so_many_subscriptions_at_most(catalog: Connection, receiver: Receiver) -> None:
    for _ in range(MOST_OF_TENANT):
        subscribe(catalog, "team", "alice", wish(receiver))

    with pytest.raises(LimitExceeded):
        subscribe(catalog, "team", "alice", wish(receiver))
    subscribe(catalog, "other", "bob", wish(receiver))


def test_a_target_that_is_away_for_long_is_not_drowned(
    catalog: Connection, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = subscribe(catalog, "team", "alice", wish(receiver))
    monkeypatch.setattr(deliveries, "MOST_WAITING", 3)
    deliveries.enqueue(catalog, [Message(mine.id, {"id": str(n), "type": "t"}, "b", str(n)) for n in range(5)])

    assert deliveries.drop_overflow(catalog, mine.id) == 2

    assert states(catalog, mine.id) == ["dead", "dead", "waiting", "waiting", "waiting"]


def test_a_changed_subscription_is_tried_at_once(catalog: Connection, settings: Settings, receiver: Receiver) -> None:
    mine: Subscription = subscribe(catalog, "team", "alice", wish(receiver))
    receiver.answers = [(500, {})]
    render(catalog, "a.csv")
    fan_out(settings)
    send(settings)

    change(catalog, "team", mine.id, wish(receiver, url=receiver.url + "/new"))
    catalog.execute("update deliveries set next_at = now()")
    send(settings)

    assert receiver.received[-1].path == "/in/new"


def test_what_was_told_long_ago_is_forgotten(catalog: Connection, settings: Settings, receiver: Receiver) -> None:
    mine = subscribe(catalog, "team", "alice", wish(receiver))
    render(catalog, "a.csv")
    fan_out(settings)
    send(settings)
    deliveries.enqueue(catalog, [Message(mine.id, {"id": "waits", "type": "t"})])
    catalog.execute("update deliveries set finished_at = finished_at - interval '8 days'")

    assert deliveries.count_told(catalog, 7) == 1
    assert deliveries.forget_told(catalog, 7) == 1
    assert states(catalog, mine.id) == ["waiting"]
