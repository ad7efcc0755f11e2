"""Errors as answers: JSON for programs, a page for people; never a stack trace, never a secret.

A mounted app does not get the error handlers of the app around it, so all of them are here.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from belvedere.clients.postgres import CatalogRejected
from belvedere.errors import (
    AccessDenied,
    BelvedereError,
    BucketMissing,
    ConfigurationError,
    LimitExceeded,
    ObjectChanged,
    ObjectMissing,
    PermanentError,
    TransientError,
)
from belvedere.gallery.capability import CapabilityExpired, CapabilityRefused
from belvedere.gallery.cursor import CursorRefused
from belvedere.gallery.navigation import login_of
from belvedere.gallery.query import BadQuery
from belvedere.gallery.resources import root_of
from belvedere.gallery.templating import templates

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

log = logging.getLogger(__name__)

STATUSES: tuple[tuple[type[BelvedereError], int], ...] = (
    (CapabilityRefused, 403),
    (CapabilityExpired, 403),
    (AccessDenied, 403),
    (CursorRefused, 400),
    (BadQuery, 400),
    (CatalogRejected, 400),
    (ObjectMissing, 404),
    (BucketMissing, 404),
    (LimitExceeded, 413),
    (ConfigurationError, 503),
    (PermanentError, 409),
    (TransientError, 503),
)
# Airflow says "forbidden" of a token that it takes no more: logged out elsewhere, forged, or of somebody who is gone.
NO_LOGIN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
RETRY_SECONDS = 3
TITLES = {
    400: "That address does not make sense",
    401: "Log in first",
    403: "Not allowed",
    404: "Nothing hangs here",
    409: "That is not possible",
    413: "Too large to show",
    503: "Closed for a moment",
}
# What the status alone would say too vaguely.
TITLES_OF_CODES = {
    CapabilityExpired.code: "This address has expired",
    CapabilityRefused.code: "This address is damaged",
    ObjectChanged.code: "This was replaced by a newer version",
}
MAYBE_ANOTHERS = (
    "If somebody sent you this address: it may be of a tenant that you do not belong to. "
    "Its members or an operator can let you in."
)
PREVIEW = re.compile(r"/preview/(?P<artifact>[0-9a-f]{24})\.")


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure as both readers get it."""

    status: int
    code: str
    detail: str


def handle_failures(app: FastAPI) -> None:
    """Install the handlers."""
    app.add_exception_handler(BelvedereError, _explained)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unforeseen)


def wants_page(request: Request) -> bool:
    """Tell whether a person looks at the answer: a browser opens an address that is not of the API."""
    path = request.url.path.removeprefix(root_of(request))
    accepts = request.headers.get("accept", "")
    return not path.startswith("/api/") and request.method in ("GET", "HEAD") and "text/html" in accepts


def answer(request: Request, failure: Failure) -> Response:
    """Answer with a failure."""
    headers = {"Retry-After": str(RETRY_SECONDS)} if failure.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if not wants_page(request):
        body = {"detail": failure.detail, "code": failure.code}
        return JSONResponse(body, status_code=failure.status, headers=headers)
    path = request.url.path.removeprefix(root_of(request))
    preview = PREVIEW.match(path)
    shown = {
        "root": root_of(request),
        "layout": "bare.html" if path.startswith("/preview/") else "base.html",
        "failure": failure,
        "title": TITLES_OF_CODES.get(failure.code) or TITLES.get(failure.status, "Something went wrong"),
        "hint": MAYBE_ANOTHERS if failure.status == HTTPStatus.NOT_FOUND and path.startswith("/artifacts/") else "",
        "artifact_page": f"{root_of(request)}/artifacts/{preview['artifact']}" if preview else "",
        "retry": RETRY_SECONDS,
    }
    return templates.TemplateResponse(request, "failure.html", shown, status_code=failure.status, headers=headers)


async def _explained(request: Request, error: Exception) -> Response:
    if not isinstance(error, BelvedereError):
        raise error
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    return answer(request, Failure(status, error.code, error.message))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus.UNAUTHORIZED if error.status_code in NO_LOGIN else HTTPStatus(error.status_code)
    if status == HTTPStatus.UNAUTHORIZED and wants_page(request):
        return RedirectResponse(login_of(request), status_code=303)
    code = status.phrase.lower().replace(" ", "_")
    return answer(request, Failure(status, code, str(error.detail)))


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors())
    return answer(request, Failure(400, "bad_query", wrong))


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("the gallery failed at %s", request.url.path, exc_info=error)
    return answer(request, Failure(500, "internal", "The gallery failed unexpectedly; its log says why."))
