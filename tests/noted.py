"""What requests ask of databases: the statements stand for the time, which a test would find different each time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from httpx import Response

from recoup.stores.sqlite.connection import DriverConnection


class Noted:
    """The statements that databases are given while requests are under way, by text: not those of the centre's clocks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: Counter[str] = Counter()
        for name in ("run", "run_many", "stream"):
            monkeypatch.setattr(
                DriverConnection, name, self._noting(getattr(DriverConnection, name))
            )

    def _noting(self, carry_out: Callable[..., Any]) -> Callable[..., Any]:
        def noting(connection: DriverConnection, sql: str, *values: Any) -> Any:
            name = threading.current_thread().name
            if name in {"api", "writer"} or name.startswith(("asyncio", "AnyIO")):
                self.statements[sql] += 1
            return carry_out(connection, sql, *values)

        return noting

    def of(self, ask: Callable[[], Response]) -> tuple[Response, Counter[str]]:
        """Return an answer and the statements that it took."""
        self.statements.clear()
        return ask(), Counter(self.statements)
