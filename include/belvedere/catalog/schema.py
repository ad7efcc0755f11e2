"""Bring the catalog's database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from belvedere.errors import ServiceUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x42454C56


def migrate(dsn: str, revision: str = "head") -> None:
    """Run every migration up to ``revision``; harmless when there is nothing to do or two processes do it at once.

    Raises:
        ServiceUnavailable: the database does not answer.
    """
    scheme, _, rest = dsn.partition("://")
    engine = create_engine(f"{scheme.split('+')[0]}+psycopg://{rest}", poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    try:
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.commit()
    except OperationalError as error:
        raise ServiceUnavailable("the catalog's database does not answer: is PostgreSQL up?") from error
    finally:
        engine.dispose()
