"""A centre that kills itself at a named point while something comes in: `python killing_intake.py FOLDER POINT report|account`.

The parent has set the people up; here the same files are opened anew and one report, or one account, is sent over HTTP.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).parents[1]))

from bureau import Bureau, reported
from httpx import Response

from recoup.api import reports, set_up_logs, work
from recoup.centre.desk import Desk
from recoup.clock import HandClock, parse_instant
from recoup.stores.sqlite import SqliteVaultTable

POINTS = ("in the vault", "between vault and journal", "after the journal")
FORGETFUL = "between, with ids that do not follow from the command"
KEY = "report-0001"
ACCOUNT = {"case": "C0", "institution": "bank-2", "number": "6222029999000011118", "name": "Wu"}


def send(bureau: Bureau, what: str) -> Response:
    """Send the report, or the account, under its key."""
    if what == "account":
        return bureau.post("/accounts", ACCOUNT, "taker", KEY)
    return bureau.post("/reports", reported("C1", "gd"), "taker", KEY)


def die(*_: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed")


def arm(point: str) -> None:
    """Put death at its point."""
    add_all = SqliteVaultTable.add_all

    def midway(self: SqliteVaultTable, keys: Any, pieces: Any) -> None:
        assert len(pieces) > 2, "a report has more than two pieces"
        add_all(self, keys, pieces[:2])  # written, not yet committed
        die()

    if point == FORGETFUL:
        Desk.digest = lambda *_: secrets.token_bytes(32)  # type: ignore[method-assign]
    match point:
        case "in the vault":
            SqliteVaultTable.add_all = midway  # type: ignore[method-assign]
        case "after the journal":
            reports.told = work.told = die  # type: ignore[assignment]
        case _:
            Desk.submit = die  # type: ignore[assignment,method-assign]


def main() -> None:
    folder, point = Path(sys.argv[1]), sys.argv[2]
    set_up_logs(io.StringIO())
    known = json.loads((folder / "people.json").read_text(encoding="utf-8"))
    clock = HandClock(parse_instant(known["now"]))
    bureau = Bureau(folder, clock, known["tokens"], known["secrets"], known["ids"])
    arm(point)
    send(bureau, sys.argv[3])
    print("survived")


if __name__ == "__main__":
    main()
