"""Registers Belvedere with Airflow: the gallery under /belvedere, its entry in the nav bar, the scheduler's warming.

Every Airflow process imports plugins; only the API server ever serves the gallery. The app is therefore built at
its first request, and importing this file costs the other processes next to nothing.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

from belvedere.orchestration import warming

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
        }
    ]
