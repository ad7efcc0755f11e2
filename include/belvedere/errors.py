"""The one tree of errors. Its two branches are the retry policy: they say whether trying again can help.

Vendors' exceptions are translated into these in ``clients/`` and never travel further.
"""

from __future__ import annotations


class BelvedereError(Exception):
    """Something Belvedere can explain.

    ``code`` is a stable snake_case word for machines and cards; the message names the thing, what was
    wrong with it, and what to do. Neither may hold a secret.
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class PermanentError(BelvedereError):
    """Trying again is useless until somebody changes something."""

    code = "permanent"


class TransientError(BelvedereError):
    """Trying again later may well succeed."""

    code = "transient"


class ConfigurationError(PermanentError):
    """A setting or parameter is missing or contradicts another one."""

    code = "configuration"


class ServiceUnavailable(TransientError):
    """A service around us does not answer now."""

    code = "service_unavailable"


class AccessDenied(PermanentError):
    """A service refused our credentials."""

    code = "access_denied"


class ObjectMissing(PermanentError):
    """The object (or this version of it) is not in its bucket."""

    code = "object_missing"


class ObjectChanged(PermanentError):
    """The object has other bytes by now than the event announced."""

    code = "object_changed"


class BucketMissing(PermanentError):
    """The bucket does not exist."""

    code = "bucket_missing"


class ForeignResource(PermanentError):
    """A resource of that name exists and is not ours to change."""

    code = "foreign_resource"


class BucketNotEmpty(PermanentError):
    """The bucket holds something and may not be removed."""

    code = "bucket_not_empty"


class WorkspaceNotEmpty(PermanentError):
    """The MLflow workspace holds something and may not be removed."""

    code = "workspace_not_empty"


class CredentialMissing(PermanentError):
    """No credential is kept under this id (any more)."""

    code = "credential_missing"


class CredentialSealed(PermanentError):
    """A credential was encrypted with a key that the settings do not have."""

    code = "credential_sealed"


class TenantBusy(TransientError):
    """Another run is at work on the tenant."""

    code = "tenant_busy"


class TenantInvalid(PermanentError):
    """A tenant's declaration breaks a rule; the message names field, value and rule."""

    code = "tenant_invalid"


class UnsupportedArtifact(PermanentError):
    """No renderer takes this artifact; it keeps a card that says what it is."""

    code = "unsupported"


class MalformedArtifact(PermanentError):
    """The bytes are not what their kind demands; the message says where and how."""

    code = "malformed"


class LimitExceeded(PermanentError):
    """Rendering would need more than the limits allow."""

    code = "limit_exceeded"


class IsolationUnavailable(PermanentError):
    """The kernel refuses a protection that the settings demand."""

    code = "isolation_unavailable"


class RendererUnavailable(PermanentError):
    """A built-in renderer cannot be imported here, so the installation is broken; the message names its module."""

    code = "renderer_unavailable"


class RendererCrashed(TransientError):
    """The rendering process died; another try may tell a bad artifact from a bad moment."""

    code = "renderer_crashed"
