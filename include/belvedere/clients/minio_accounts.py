"""MinIO's users, named policies, access keys and quotas, through its admin API.

Ids of access keys count as secrets: no message, repr or log of this module holds one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from belvedere.clients.iam_export import read_accounts
from belvedere.clients.minio_admin import (
    ALREADY_SO,
    KEY_IS_TAKEN,
    NO_SUCH_KEY,
    NO_SUCH_POLICY,
    NO_SUCH_USER,
    admin_client,
    translated_admin,
)
from belvedere.clients.minio_sealing import SealedCall, send_sealed
from belvedere.errors import AccessDenied, ForeignResource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.tenant_state import AccountsState, Secret
    from belvedere.settings import Settings


class MinioAccounts:
    """The administration of MinIO's accounts. Safe to share between threads.

    Every method raises AccessDenied, ServiceUnavailable or PermanentError as their names say.
    """

    def __init__(self, endpoint: str, access_key: str, secret_key: str, region: str = "us-east-1") -> None:
        self._endpoint, self._region = endpoint, region
        self._admin = admin_client(endpoint, access_key, secret_key, region)

    @classmethod
    def from_settings(cls, settings: Settings) -> MinioAccounts:
        """Connect as the settings say."""
        return cls(
            settings.minio_endpoint,
            settings.minio_access_key.get_secret_value(),
            settings.minio_secret_key.get_secret_value(),
            settings.minio_region,
        )

    def state(self) -> AccountsState:
        """Return all users with their policies and keys, and all named policies. One call, however many there are.

        MinIO's answer also holds every password, and is not encrypted by itself as its other answers are: reach it by
        https wherever others can listen. They are dropped while the answer is read.
        """
        return read_accounts(self._admin)

    def knows_policy(self, name: str) -> bool:
        """Whether there is a named policy."""
        found = False
        with translated_admin(f"looking for policy {name}", harmless=(NO_SUCH_POLICY,)):
            self._admin.policy_info(name)
            found = True
        return found

    def put_policy(self, name: str, document: Mapping[str, object]) -> None:
        """Make or replace a named policy."""
        with translated_admin(f"writing policy {name}"):
            self._admin.policy_add(name, policy=dict(document))

    def remove_policy(self, name: str) -> None:
        """Remove a named policy; harmless when it is gone. It must not be attached to anybody."""
        with translated_admin(f"removing policy {name}", harmless=(NO_SUCH_POLICY,)):
            self._admin.policy_remove(name)

    def put_account(self, account: Secret) -> None:
        """Make a user, or give it this password; it is enabled then. Its policies and keys stay."""
        with translated_admin(f"making account {account.fingerprint}"):
            said = {"status": "enabled", "secretKey": account.password}
            send_sealed(self._admin, SealedCall.ADD_USER, said, {"accessKey": account.identifier})

    def set_account_enabled(self, access_key: str, *, enabled: bool) -> None:
        """Enable or disable a user, and with it all of its keys.

        Raises:
            AccountMissing: there is no such user.
        """
        with translated_admin("enabling an account" if enabled else "disabling an account"):
            (self._admin.user_enable if enabled else self._admin.user_disable)(access_key)

    def remove_account(self, access_key: str) -> None:
        """Remove a user with all of its keys; harmless when it is gone."""
        with translated_admin("removing an account", harmless=(NO_SUCH_USER,)):
            self._admin.user_remove(access_key)

    def attach(self, policy: str, access_key: str) -> None:
        """Attach a named policy to a user; harmless when it is attached.

        Raises:
            AccountMissing: there is no such policy or user.
        """
        # MinIO's own call for this encrypts what it sends and answers, each for 0.2 s of a core; this one does not.
        with translated_admin(f"attaching policy {policy}"):
            said = json.loads(self._admin.user_info(access_key)).get("policyName", "")
            held = [name for name in said.split(",") if name]
            if policy not in held:
                self._admin.policy_set(",".join([*held, policy]), user=access_key)

    def detach(self, policy: str, access_key: str) -> None:
        """Detach a named policy from a user; harmless when it is not attached, or when one of them is gone."""
        with translated_admin(f"detaching policy {policy}", harmless=(ALREADY_SO, NO_SUCH_USER, NO_SUCH_POLICY)):
            self._admin.detach_policy([policy], user=access_key)

    def issue_key(self, account: Secret, key: Secret, policy: Mapping[str, object], description: str) -> None:
        """Make an access key below a user, acting as that user; harmless when this very key is there already.

        A key that is there gets the password, the policy and the description that were asked for, and is enabled.

        Raises:
            AccessDenied: the account is not there, is disabled, has another password or no policy attached.
            ForeignResource: the key is there and belongs to another user.
        """
        if not self._made_key(account, key, {"policy": dict(policy), "description": description}):
            self._refuse_foreign(account, key)
            said = {"newPolicy": dict(policy), "newDescription": description, "newStatus": "on"}
            with translated_admin(f"correcting key {key.fingerprint}"):
                self._update_key(key.identifier, said | {"newSecretKey": key.password})

    def set_key_policy(self, access_key: str, policy: Mapping[str, object]) -> None:
        """Give an access key another policy of its own.

        Raises:
            AccountMissing: there is no such key.
        """
        with translated_admin("writing the policy of an access key"):
            self._update_key(access_key, {"newPolicy": dict(policy)})

    def set_key_enabled(self, access_key: str, *, enabled: bool) -> None:
        """Enable or disable an access key.

        Its policy is sent along: MinIO drops the policy of a key that is changed in any other way.

        Raises:
            AccountMissing: there is no such key.
        """
        with translated_admin("enabling an access key" if enabled else "disabling an access key"):
            said = json.loads(self._admin.get_service_account(access_key))
            own = {} if said.get("impliedPolicy", True) else {"newPolicy": json.loads(said["policy"])}
            self._update_key(access_key, {"newStatus": "on" if enabled else "off", **own})

    def revoke_key(self, access_key: str) -> None:
        """Remove an access key; harmless when it is gone."""
        with translated_admin("removing an access key", harmless=(NO_SUCH_KEY,)):
            self._admin.delete_service_account(access_key)

    def quota(self, bucket: str) -> int | None:
        """Return a bucket's quota in bytes, or None.

        Raises:
            BucketMissing: there is no such bucket.
        """
        with translated_admin(f"reading the quota of bucket {bucket}"):
            said = json.loads(self._admin.bucket_quota_get(bucket))
        return int(said.get("quota") or said.get("size") or 0) or None

    def set_quota(self, bucket: str, quota_bytes: int | None) -> None:
        """Set or clear a bucket's quota. MinIO looks at it from time to time only: it is never exact.

        Raises:
            BucketMissing: there is no such bucket.
        """
        with translated_admin(f"setting the quota of bucket {bucket}"):
            self._admin.bucket_quota_set(bucket, quota_bytes or 0)

    def _update_key(self, access_key: str, said: Mapping[str, Any]) -> None:
        send_sealed(self._admin, SealedCall.UPDATE_KEY, said, {"accessKey": access_key})

    def _made_key(self, account: Secret, key: Secret, said: Mapping[str, Any]) -> bool:
        """Make a key as its owner; False when it is there already."""
        owner = admin_client(self._endpoint, account.identifier, account.password, self._region)
        made = False
        try:
            with translated_admin(f"making key {key.fingerprint}", harmless=(KEY_IS_TAKEN,)):
                wanted = {"accessKey": key.identifier, "secretKey": key.password, **said}
                send_sealed(owner, SealedCall.ADD_KEY, wanted)
                made = True
        except AccessDenied:
            raise AccessDenied(
                f"the object store refused account {account.fingerprint} while it was making a key of its own: "
                "give the account its recorded password again, enable it, and attach its policy"
            ) from None
        return made

    def _refuse_foreign(self, account: Secret, key: Secret) -> None:
        with translated_admin(f"looking at key {key.fingerprint}"):
            said = json.loads(self._admin.get_service_account(key.identifier))
        if said.get("parentUser") != account.identifier:
            raise ForeignResource(
                f"an access key of fingerprint {key.fingerprint} exists and belongs to another account: issue another"
            )
