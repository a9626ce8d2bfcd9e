"""Which pieces of the vault wait for the entry in the journal that names them."""

from alembic import op

from recoup.stores.sqlite.queries import read_sql, statements

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table."""
    for statement in statements(read_sql("migrations/v0002_waiting.sql")):
        op.execute(statement)
