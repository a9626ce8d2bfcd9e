"""Brings an older SQLite file to the present schema with Alembic: all steps in one transaction, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from recoup.errors import StoreFault
from recoup.stores.sqlite.schema import HEAD


def scripts() -> ScriptDirectory:
    """Return the migrations as Alembic sees them."""
    folder = str(Path(__file__).with_name("migrations"))
    config = Config()
    config.set_main_option("script_location", folder)
    config.set_main_option("version_locations", folder)
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def migrate(path: Path) -> None:
    """Run every migration that the file at `path` does not have yet."""
    directory = scripts()

    def steps(revision: Any, _: Any) -> Sequence[Any]:  # noqa: ANN401 - what Alembic hands over
        return directory._upgrade_revs(HEAD, revision)  # noqa: SLF001 - as Alembic's own command does

    engine = _engine(path)
    try:
        with (
            engine.begin() as connection,
            EnvironmentContext(Config(), directory, fn=steps) as environment,
        ):
            environment.configure(connection=connection, transactional_ddl=True)
            environment.run_migrations()
    except SQLAlchemyError as fault:
        raise StoreFault(f"could not bring the store to schema {HEAD}: {fault}") from fault
    finally:
        engine.dispose()


def _engine(path: Path) -> Engine:
    """Return an engine whose transactions hold schema changes too: the driver's own would commit before each."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _no_own_transactions(driver: Any, _: object) -> None:  # noqa: ANN401 - the driver's connection
        driver.isolation_level = None
        driver.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


__all__ = ["migrate", "scripts"]
