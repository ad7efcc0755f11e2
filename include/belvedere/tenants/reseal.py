"""``python -m belvedere.tenants.reseal``: seal all credentials with the first key of the settings, say how many."""

from __future__ import annotations

import sys

from belvedere.clients.postgres import connect
from belvedere.errors import BelvedereError
from belvedere.settings import settings
from belvedere.tenants.credential_store import CatalogCredentials


def main() -> int:
    """Move every credential to the first key; return the exit status."""
    known = settings()
    try:
        with connect(known.catalog_dsn.get_secret_value()) as catalog:
            moved = CatalogCredentials.from_settings(catalog, known).reseal_all()
    except BelvedereError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write(f"{moved} credentials sealed with the first key of BELVEDERE_CREDENTIALS_KEY\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
