"""Fixtures on the whole stack, which starts once a session, and on a browser that is logged in to it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from tests.harness.airflow import client_of, log_in
from tests.harness.wall import Wall
from tests.harness.whole import RunningStack, ready_stack, whole_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from playwright.sync_api import Browser, BrowserContext, Page

VIEWPORT = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The whole stack, provisioned and watching.

    With ``BELVEDERE_TEST_STACK=folder`` a stack in that folder is started when it does not run, and left running: the
    next session begins at once. Stop it with ``BELVEDERE_HOME=folder make down``.
    """
    if kept := os.environ.get("BELVEDERE_TEST_STACK"):
        yield ready_stack(Path(kept).resolve())
        return
    with whole_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def gallery(stack: RunningStack) -> Iterator[httpx.Client]:
    """A client of the gallery, logged in as the administrator."""
    with client_of(stack.url, stack.env["AIRFLOW_USER"], stack.env["AIRFLOW_PASSWORD"]) as client:
        yield client


@pytest.fixture(scope="session")
def wall(stack: RunningStack, gallery: httpx.Client) -> Wall:
    """Uploads into the default bucket, and what the gallery says of them."""
    return Wall(stack.s3, gallery, "mlpipeline")


@contextmanager
def headless() -> Iterator[Browser]:
    """Run Chromium without a screen."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "no Chromium: install it (make system-packages) or name it in CHROMIUM"
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with headless() as running:
        yield running


def logged_in(browser: Browser, stack: RunningStack, **options: Any) -> BrowserContext:
    """Return a browser context of the administrator's session."""
    context = browser.new_context(**({"viewport": VIEWPORT} | options))
    token = log_in(stack.url, stack.env["AIRFLOW_USER"], stack.env["AIRFLOW_PASSWORD"])
    context.add_cookies([{"name": "_token", "value": token, "url": stack.url}])
    return context


@pytest.fixture
def page(browser: Browser, stack: RunningStack) -> Iterator[Page]:
    """A page of the administrator's session; an error in a script of ours fails the test."""
    context = logged_in(browser, stack)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []
