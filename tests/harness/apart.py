"""A thread of its own for what runs an event loop: Playwright keeps one running in the tests' thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Given = ParamSpec("Given")
Made = TypeVar("Made")


def apart(call: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
    """Return what ``call`` returns, or raise what it raises."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call, *args, **kwargs).result()
