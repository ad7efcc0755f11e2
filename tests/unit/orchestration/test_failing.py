from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from belvedere.errors import BucketMissing, ForeignResource, PermanentError, ServiceUnavailable, TransientError
from belvedere.orchestration.failing import Troubles, permanent_errors_fail


def test_a_permanent_error_fails_the_task_without_another_try() -> None:
    with pytest.raises(AirflowFailException, match="foreign_resource: not ours"), permanent_errors_fail():
        raise ForeignResource("not ours")


def test_a_transient_error_is_left_to_the_retries() -> None:
    with pytest.raises(ServiceUnavailable), permanent_errors_fail():
        raise ServiceUnavailable("away")


def test_trouble_with_one_thing_does_not_stop_the_others() -> None:
    troubles, done = Troubles(), []
    for name in ("a", "b", "c"):
        with troubles.of(name):
            if name == "b":
                raise BucketMissing("no such bucket")
            done.append(name)

    assert done == ["a", "c"]
    with pytest.raises(PermanentError, match="b: no such bucket") as caught:
        troubles.complain()
    assert caught.value.code == "bucket_missing"


def test_one_trouble_that_may_pass_makes_trying_again_worth_it() -> None:
    troubles = Troubles()
    for error in (ForeignResource("not ours"), ServiceUnavailable("away")):
        with troubles.of("bucket"):
            raise error

    with pytest.raises(TransientError, match=r"not ours.*away"):
        troubles.complain()


def test_no_trouble_is_no_complaint() -> None:
    troubles = Troubles()
    with troubles.of("a"):
        pass

    troubles.complain()


def test_a_bug_is_no_trouble_of_one_thing() -> None:
    with pytest.raises(ZeroDivisionError), Troubles().of("a"):
        raise ZeroDivisionError
