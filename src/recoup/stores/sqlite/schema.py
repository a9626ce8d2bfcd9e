"""Makes the present schema in a new SQLite file and says at which one a file is. Migrations are run by `migrating`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from recoup.errors import StoreFault
from recoup.stores.sqlite.connection import Connection, DriverConnection
from recoup.stores.sqlite.queries import queries, read_sql, statements

REVISIONS: Final = {
    "0001": "recoup.stores.sqlite.migrations.v0001_first",
    "0002": "recoup.stores.sqlite.migrations.v0002_waiting",
}
"""Every migration by its number, in order."""

HEAD: Final = max(REVISIONS)


def ensure_schema(connection: Connection) -> None:
    """Make the schema in an empty file, in one transaction; raise `StoreFault` for any schema but the present one."""
    version = schema_version(connection)
    if version is None:
        with writing(connection):
            version = schema_version(connection)  # another process may have been quicker
            if version is None:
                version = _create(connection)
    if version != HEAD:
        raise StoreFault(f"expected schema {HEAD}, was {version}")


def connect(path: Path) -> DriverConnection:
    """Open the file at `path`, or make it; an older program's file is brought to the present schema first."""
    connection = DriverConnection(path)
    version = schema_version(connection)
    if version in REVISIONS and version != HEAD:
        from recoup.stores.sqlite.migrating import migrate

        migrate(path)
    return connection


def _create(connection: Connection) -> str:
    for statement in statements(read_sql("schema.sql")):
        connection.run(statement)
    connection.run("INSERT INTO alembic_version (version_num) VALUES (?)", (HEAD,))
    return HEAD


def schema_version(connection: Connection) -> str | None:
    """Return the migration that the file is at; None for an empty file."""
    sql = queries("queries.sql")
    ((count,),) = connection.run(sql["has_tables"])
    if count == 0:
        return None
    rows = connection.run(sql["read_schema_version"])
    if len(rows) != 1:
        raise StoreFault(f"expected one schema version, was {len(rows)}")
    return str(rows[0][0])


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """Run a block as one transaction."""
    connection.run("BEGIN IMMEDIATE")
    try:
        yield
        connection.run("COMMIT")
    except BaseException:
        # What failed may have ended it already. Were it left open, nothing could ever be written on this connection again.
        with suppress(StoreFault):
            connection.run("ROLLBACK")
        raise


__all__ = ["HEAD", "REVISIONS", "connect", "ensure_schema", "schema_version", "writing"]
