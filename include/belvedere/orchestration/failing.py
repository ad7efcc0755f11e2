"""Which failures Airflow should retry (the transient ones, and no others), and how several are told as one."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

from belvedere.errors import BelvedereError, PermanentError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)


@contextmanager
def permanent_errors_fail() -> Iterator[None]:
    """Let a PermanentError fail the task at once; anything else is left to the task's retries."""
    try:
        yield
    except PermanentError as error:
        raise AirflowFailException(f"{error.code}: {error.message}") from error


class Troubles:
    """Collects what goes wrong with some of many things, so that the others go on."""

    def __init__(self) -> None:
        self._troubles: list[tuple[str, BelvedereError]] = []

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Keep an error of ours for later; any other error is a bug and passes."""
        try:
            yield
        except BelvedereError as error:
            log.error("%s: %s", what, error.message)
            self._troubles.append((what, error))

    def complain(self) -> None:
        """Raise all troubles as one, if there are any. If one of them may pass, trying again is worth it."""
        if not self._troubles:
            return
        message = "; ".join(f"{what}: {error.message}" for what, error in self._troubles)
        passing = [error for _, error in self._troubles if isinstance(error, TransientError)]
        if passing:
            raise TransientError(message, code=passing[0].code)
        raise PermanentError(message, code=self._troubles[0][1].code)
