"""Which failures Airflow should retry: the transient ones, and no others."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

from belvedere.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def permanent_errors_fail() -> Iterator[None]:
    """Let a PermanentError fail the task at once; anything else is left to the task's retries."""
    try:
        yield
    except PermanentError as error:
        raise AirflowFailException(f"{error.code}: {error.message}") from error
