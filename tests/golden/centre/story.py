"""Makes the golden journal of the centre: `python tests/golden/centre/story.py FILE`. Every event of the orders' room happens.

A golden journal is never made anew for a released version: it shows that an old journal still replays. A new version of an
event gets a second file.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sim.office import Office, some_order

from recoup.centre import Reply, answer_command
from recoup.journal.record import Record
from recoup.orders import Answer, HoldKey, OrderKind, Outcome
from recoup.orders.commands import (
    ApproveOrder,
    DraftOrder,
    SendBackOrder,
    SubmitOrder,
    WithdrawOrder,
)
from recoup.unrecognised import Unrecognised


def tell() -> Office:
    """Return an office after the whole story."""
    office, other = Office(), HoldKey("案件-2", "account-2", "USD")
    office.tell(some_order("o1"))
    message = office.next_message(0)
    assert message is not None
    office.reply(message, Reply((Answer("a1", Outcome.HELD_SHORT, 60, office.clock.now()),)))
    office.clock.move(timedelta(hours=40))
    freeze = some_order("o2", OrderKind.FREEZE, reason='filed \\ "today" 立案')
    office.ask("maker", DraftOrder(freeze))
    office.ask("maker", SubmitOrder("o2"))
    office.ask("approver", SendBackOrder("o2", "approver", "which law?"))
    office.ask("maker", SubmitOrder("o2"))
    office.ask("approver", ApproveOrder("o2", "approver", freeze.digest))
    office.submit(answer_command("bank-1", "o2", Answer("a2", Outcome.FROZEN, 60, queued_behind=1)))
    office.tell(some_order("o3", OrderKind.RELEASE, 0))
    office.submit(answer_command("bank-1", "o3", Answer("a3", Unrecognised("eaten"), code="9999")))
    office.submit(answer_command("bank-1", "o3", Answer("a4", Outcome.RELEASED)))
    office.tell(some_order("o4", key=other))
    office.reply(office.next_message(0), Reply())  # that of o2, and so on
    while (waiting := office.next_message(0)) is not None:
        office.reply(waiting, Reply())
    office.ask("maker", DraftOrder(some_order("o5", OrderKind.QUERY, 0, other)))
    office.ask("maker", WithdrawOrder("o5", "maker"))
    office.clock.move(timedelta(hours=1))
    office.fire()
    office.clock.move(timedelta(hours=48))
    office.fire()
    return office


def line_of(record: Record) -> str:
    values = record._asdict()
    values |= {
        "body": record.body.decode(),
        "previous": record.previous.hex(),
        "hash": record.hash.hex(),
    }
    return json.dumps(values, ensure_ascii=False)


def record_of(line: str) -> Record:
    values = json.loads(line)
    values |= {
        "body": values["body"].encode(),
        "previous": bytes.fromhex(values["previous"]),
        "hash": bytes.fromhex(values["hash"]),
    }
    return Record(**values)


def main() -> None:
    lines = [line_of(record) for record in tell().journal.records()]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
