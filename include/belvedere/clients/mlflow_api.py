"""MLflow's REST API as one account: send, decode, and tell its errors as ours.

MLflow says what went wrong by an ``error_code``; its statuses do not (what exists already is 400, what is not empty is
500). The texts of its errors may hold hashes of passwords, so nothing but the code is ever read or repeated.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx

from belvedere.errors import AccessDenied, BelvedereError, PermanentError, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.tenant_state import Secret

TIMEOUT = httpx.Timeout(60.0, connect=5.0)
EXISTS = "RESOURCE_ALREADY_EXISTS"
MISSING = "RESOURCE_DOES_NOT_EXIST"
NOT_EMPTY = "INVALID_STATE"
BUSY_CODES = {"INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"}
DENIED_CODES = {"PERMISSION_DENIED", "UNAUTHENTICATED"}


class ResourceMissing(PermanentError):
    """MLflow does not know the workspace, user, role or experiment."""

    code = "resource_missing"


class MlflowApi:
    """A connection pool to one MLflow as one account. Safe to share between threads.

    ``account`` says to people whose login it is and where to correct it. Connections are kept: MLflow checks a password
    slowly, and remembers those it has checked if its setting ``auth_cache_ttl_seconds`` lets it.
    """

    def __init__(self, url: str, login: Secret, account: str, workspace: str | None = None) -> None:
        self._account = account
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            auth=(login.identifier, login.password),
            headers=in_workspace(workspace),
            timeout=TIMEOUT,
            verify=_trust(encrypted=url.startswith("https:")),
        )

    def call(
        self,
        method: str,
        path: str,
        what: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        workspace: str | None = None,
        harmless: tuple[str, ...] = (),
    ) -> dict[str, Any] | None:
        """Send one request below ``/api`` and return the answer; None when MLflow answered a ``harmless`` code.

        Raises:
            ResourceMissing, AccessDenied, ServiceUnavailable, PermanentError: as their names say.
        """
        try:
            response = self._http.request(
                method, f"/api{path}", json=body, params=params, headers=in_workspace(workspace)
            )
        except httpx.HTTPError as error:
            raise ServiceUnavailable(f"MLflow did not answer while {what} ({type(error).__name__})") from None
        if response.is_success:
            return _decoded(response) or {}
        code = str(_decoded(response).get("error_code", ""))
        if code in harmless:
            return None
        raise self._ours(code or f"HTTP {response.status_code}", what)

    def _ours(self, code: str, what: str) -> BelvedereError:
        """Errors without a code come from before MLflow's handlers: from its login, its host check, a proxy."""
        if code == "HTTP 401":
            return AccessDenied(f"MLflow refused the login of {self._account}, while {what}")
        if code in DENIED_CODES or code == "HTTP 403":
            return AccessDenied(
                f"MLflow does not allow {self._account} what it wanted, while {what} ({code}): check the account's "
                "role, and that the server's --allowed-hosts has the host of the address we use"
            )
        if code == MISSING:
            return ResourceMissing(f"MLflow does not know it, while {what}")
        if code in BUSY_CODES or code.startswith("HTTP 5") or code == "HTTP 429":
            return ServiceUnavailable(f"MLflow failed with {code} while {what}")
        return PermanentError(f"MLflow answered {code} while {what}", code="mlflow")


@cache
def _trust(*, encrypted: bool) -> ssl.SSLContext:
    """Return whose certificates are trusted: where there is no https nobody's, for reading them all takes 40 ms."""
    return httpx.create_ssl_context() if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def in_workspace(workspace: str | None) -> dict[str, str]:
    """Return the header by which a request says which workspace it means."""
    return {"X-MLFLOW-WORKSPACE": workspace} if workspace else {}


def _decoded(response: httpx.Response) -> dict[str, Any]:
    try:
        said = response.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
