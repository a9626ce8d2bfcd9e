"""The first schema: records, answers, messages, deadlines, checkpoints, snapshots, the leader's epoch, the vault."""

from alembic import op

from recoup.stores.sqlite.queries import read_sql, statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables in an empty file."""
    for statement in statements(read_sql("migrations/v0001_first.sql")):
        op.execute(statement)
