"""MinIO's export of its accounts: one answer with all users, policies and access keys, which minio-py does not ask for.

The answer is an archive of JSON files. Passwords stand in it too: they are dropped while it is parsed.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from belvedere.clients.minio_admin import translated_admin
from belvedere.errors import ServiceUnavailable
from belvedere.model.policies import canonical_policy
from belvedere.model.tenant_state import AccountsState, AccountState, KeyState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from minio import MinioAdmin

FOLDER = "iam-assets"
NEVER_KEPT = {"secretKey", "claims"}
WHAT = "reading all accounts"


class _Command(Enum):
    """What minio-py's own list of commands lacks."""

    EXPORT = "export-iam"


@dataclass(frozen=True, slots=True)
class _Export:
    """The files of the export that say what is there, by the name of user, policy or key."""

    policies: Mapping[str, Any]
    users: Mapping[str, Any]
    keys: Mapping[str, Any]
    attached: Mapping[str, Any]


def read_accounts(admin: MinioAdmin) -> AccountsState:
    """Ask for everything and return it without passwords.

    Raises:
        ServiceUnavailable: the server does not answer, or broke off because something changed meanwhile.
        AccessDenied: our account may not export.
    """
    export = _fetch(admin)
    keys = _keys_by_parent(export.keys)
    return AccountsState(
        policies={name: canonical_policy(document) for name, document in export.policies.items()},
        accounts=tuple(
            AccountState(
                access_key=access_key,
                enabled=said.get("status") == "enabled",
                policies=_policies(export.attached.get(access_key)),
                keys=tuple(keys[access_key]),
            )
            for access_key, said in sorted(export.users.items())
        ),
    )


def _fetch(admin: MinioAdmin) -> _Export:
    with translated_admin(WHAT):
        # The signing and the connections of minio-py, with a command that it does not know.
        answer = admin._url_open(method="GET", command=cast("Any", _Command.EXPORT))
    try:
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            return _Export(
                policies=_parse(archive, "policies.json"),
                users=_parse(archive, "users.json"),
                keys=_parse(archive, "svcaccts.json"),
                attached=_parse(archive, "user_mappings.json"),
            )
    except (zipfile.BadZipFile, KeyError, ValueError):
        raise ServiceUnavailable(f"the object store broke off while {WHAT}") from None


def _parse(archive: zipfile.ZipFile, name: str) -> Mapping[str, Any]:
    parsed: Mapping[str, Any] = json.loads(archive.read(f"{FOLDER}/{name}"), object_pairs_hook=_without_secrets)
    return parsed


def _without_secrets(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if name not in NEVER_KEPT}


def _policies(attached: Mapping[str, Any] | None) -> tuple[str, ...]:
    names = attached.get("policy", "") if attached else ""
    return tuple(sorted(name for name in names.split(",") if name))


def _keys_by_parent(keys: Mapping[str, Any]) -> Mapping[str, list[KeyState]]:
    by_parent: dict[str, list[KeyState]] = defaultdict(list)
    for access_key, said in sorted(keys.items()):
        by_parent[said["parent"]].append(_key(access_key, said))
    return by_parent


def _key(access_key: str, said: Mapping[str, Any]) -> KeyState:
    return KeyState(
        access_key=access_key,
        enabled=said.get("status") == "on",
        policy=canonical_policy(said["sessionPolicy"]) if said.get("sessionPolicy") else None,
        description=said.get("description", ""),
    )
