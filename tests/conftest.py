"""What every test may ask for. A test that asks for a server is marked ``stack`` by that alone.

Small servers (``catalog``, ``object_store``, ``kafka_bootstrap``) start in seconds, each when first asked for; the
whole stack (``stack``, ``gallery``, ``page``) starts once a session. All of them have their own folders and free
ports: a stack that a person runs from this checkout is never touched.
"""

from __future__ import annotations

import os
import signal
import tempfile

# Airflow writes into its home when it is imported: never into the person's own.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="belvedere-airflow-home-")

import pytest
from hypothesis import settings as hypothesis_settings

pytest_plugins = ["tests.harness.server_fixtures", "tests.harness.stack_fixtures", "tests.harness.gallery_fixtures"]

SERVER_FIXTURES = {"servers", "stack"}
BROWSER_FIXTURES = {"browser", "page"}

# The same examples in every run; no deadline, for two cores are shared with the servers.
hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_configure() -> None:
    """End in order when asked to end: fixtures stop their servers on KeyboardInterrupt, not on a plain SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they stand on; those of the whole stack come last."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & SERVER_FIXTURES:
            item.add_marker(pytest.mark.stack)
        if fixtures & BROWSER_FIXTURES:
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: "stack" in getattr(item, "fixturenames", ()))
