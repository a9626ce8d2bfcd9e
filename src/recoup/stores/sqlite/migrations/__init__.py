"""Migrations of the SQLite file, run by Alembic. One that was released is never changed."""
