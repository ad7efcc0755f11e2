"""Registers Belvedere with Airflow: the gallery under /belvedere, its places in Airflow's own pages, warming.

Every Airflow process imports plugins; only the API server ever serves the gallery. The app is therefore built at
its first request, and importing this file costs the other processes next to nothing.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

from belvedere.orchestration import links, warming

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]

MOUNTED_AT = "/belvedere"


class LazyGallery:
    """The gallery as an ASGI app that is built when it is first asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._app: Any = None

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Serve one request."""
        await self.app(scope, receive, send)

    @property
    def app(self) -> Any:
        """The FastAPI app itself."""
        with self._lock:
            if self._app is None:
                from belvedere.gallery.app import create_app
                from belvedere.orchestration.broker import kafka_config
                from belvedere.settings import settings

                self._app = create_app(kafka=lambda: kafka_config(settings().kafka_connection_id))
        return self._app


class BelvederePlugin(AirflowPlugin):
    """The gallery in Airflow's UI."""

    name = "belvedere"
    listeners = [warming]  # noqa: RUF012
    fastapi_apps = [{"name": "belvedere", "app": LazyGallery(), "url_prefix": MOUNTED_AT}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Gallery",
            "href": "belvedere/",
            "url_route": "gallery",
            "destination": "nav",
            "nav_top_level": True,
            "icon": "belvedere/static/icon.svg",
            "icon_dark_mode": "belvedere/static/icon-dark.svg",
        },
        {
            "name": "Upload to the gallery",
            "href": "belvedere/upload",
            "url_route": "gallery-upload",
            "destination": "nav",
            "category": "browse",
        },
        {
            "name": "Gallery tenants",
            "href": "belvedere/tenants",
            "url_route": "gallery-tenants",
            "destination": "nav",
            "category": "browse",
        },
        {
            "name": "Gallery operations",
            "href": "belvedere/operations",
            "url_route": "gallery-operations",
            "destination": "nav",
            "category": "admin",
        },
        {
            "name": "Gallery notifications",
            "href": "belvedere/notifications",
            "url_route": "gallery-notifications",
            "destination": "nav",
            "category": "admin",
        },
        {
            "name": "Artifacts",
            "href": "belvedere/dags/{DAG_ID}/runs/{RUN_ID}?tab=true",
            "url_route": "artifacts-of-run",
            "destination": "dag_run",
            "icon": "belvedere/static/icon.svg",
            "icon_dark_mode": "belvedere/static/icon-dark.svg",
        },
        {
            "name": "Artifacts",
            "href": "belvedere/dags/{DAG_ID}/runs/{RUN_ID}/tasks/{TASK_ID}?tab=true",
            "url_route": "artifacts-of-task",
            "destination": "task_instance",
            "icon": "belvedere/static/icon.svg",
            "icon_dark_mode": "belvedere/static/icon-dark.svg",
        },
    ]
    operator_extra_links = [links.CardLink()]  # noqa: RUF012
