"""The named queries of the `.sql` files beside this one, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def split_queries(text: str) -> dict[str, str]:
    """Return the queries of a `.sql` file by name; each begins with a line `-- name: ...`."""
    parts = _NAME.split(text)[1:]
    found: dict[str, str] = {}
    for name, sql in zip(parts[::2], parts[1::2], strict=True):
        assert name not in found, f"two queries are named {name}"
        found[name] = sql.strip().removesuffix(";")
    return found


@cache
def queries(file: str) -> Mapping[str, str]:
    """Return the queries of one of our files by name."""
    return split_queries(read_sql(file))


def read_sql(file: str) -> str:
    """Return the text of one of our files."""
    return files("recoup.stores.sqlite").joinpath(file).read_text(encoding="utf-8")


def statements(script: str) -> list[str]:
    """Return the statements of a script; none of ours holds a semicolon in a text."""
    bare = re.sub(r"--[^\n]*", "", script)
    return [part.strip() for part in bare.split(";") if part.strip()]


__all__ = ["queries", "read_sql", "split_queries", "statements"]
