"""The gallery's FastAPI app."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI

from belvedere import __version__
from belvedere.gallery.auth import require_login
from belvedere.gallery.failures import handle_failures
from belvedere.gallery.headers import SafeHeaders
from belvedere.gallery.lag_meter import LagMeter
from belvedere.gallery.operations_responses import OperationsResponse
from belvedere.gallery.remembered import Remembered
from belvedere.gallery.resources import Resources
from belvedere.gallery.routers import (
    artifact_page,
    artifacts,
    compare,
    compare_page,
    credentials,
    dag_runs,
    description,
    events,
    exports,
    groups,
    help_page,
    members,
    notifications_page,
    operations,
    operations_page,
    pages,
    previews,
    render_logs,
    rows,
    searching,
    stats,
    subscriptions,
    tenant_changes,
    tenant_pages,
    tenants,
    uploads,
)
from belvedere.gallery.static_files import GalleryFiles
from belvedere.settings import Settings
from belvedere.settings import settings as settings_of_process

if TYPE_CHECKING:
    from belvedere.gallery.lag_meter import KafkaConfig


def create_app(settings: Settings | None = None, kafka: KafkaConfig | None = None) -> FastAPI:
    """Return the app, to be mounted at ``settings.gallery_path``; nothing is opened before the first request.

    Every route asks for an Airflow login, except signed previews and the gallery's own static files. ``kafka`` says
    how to reach the broker (as librdkafka's configuration), once somebody asks how far it is ahead.
    """
    chosen = settings or settings_of_process()
    app = FastAPI(
        title="Belvedere gallery",
        version=__version__,
        description="Every artifact and its picture. All routes need an Airflow login (bearer token or session).",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = chosen
    app.state.resources = lru_cache(maxsize=1)(lambda: Resources.open(chosen))
    app.state.lag = LagMeter(kafka, chosen.kafka_topic)
    app.state.operations = Remembered[OperationsResponse]()
    app.add_middleware(SafeHeaders)
    handle_failures(app)
    for_users = APIRouter(dependencies=[Depends(require_login)])
    data = (
        artifacts,
        groups,
        searching,
        rows,
        exports,
        render_logs,
        events,
        stats,
        tenants,
        tenant_changes,
        credentials,
        members,
        subscriptions,
        dag_runs,
        operations,
        uploads,
        compare,
    )
    for noun in (*data, description):
        for_users.include_router(noun.router, prefix="/api")
    for page in (pages, artifact_page, compare_page, operations_page, notifications_page, tenant_pages, help_page):
        for_users.include_router(page.router)
    for_users.include_router(uploads.pages)
    for_users.include_router(dag_runs.pages)
    app.include_router(for_users)
    app.include_router(previews.router)
    app.mount("/static", GalleryFiles(), name="static")
    return app
