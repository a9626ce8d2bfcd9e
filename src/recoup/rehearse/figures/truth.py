"""Where stolen money lies at the end of a play, and when it left: the trail of all frauds at once, under first in, first out.

The engine is `recoup.trace`'s, over the whole ledger with the true openings. What is held is set aside as it was held, a
fraud's money first; money that was returned is a hold that never ends, and its row is a credit of clean money to the victim:
so a return is counted as what it gave back of stolen money, and never as a flow to somebody new.

Stolen money that comes to somebody who is no criminal has left: they gave value for it, in good faith, and what is held there
is harm and no success. Money that comes back to its own victim by the way has left too, under a name of its own: no policy
did it. Only what lies with criminals is inside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.rehearse.figures.spans import Holds, holds_of
from recoup.rehearse.play.happened import Reported, Returned
from recoup.rehearse.play.played import Played
from recoup.trace import Options
from recoup.trace.events import Events, Held, Marked, Specials, lay_events
from recoup.trace.follow import Followed, follow
from recoup.trace.kernels import books
from recoup.trace.ledger import KNOWN, OUTSIDE, TERMINAL, Ledger
from recoup.trace.openings import GIVEN, Openings

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_LEFT: Final = (books.EXITED, books.TO_VICTIM)
"""Came to somebody who is no criminal, or was in a payment that another victim disputes, whose claim goes on with it."""


class Exit(StrEnum):
    """How stolen money left."""

    OUTSIDE = "outside"
    """As cash, or abroad."""
    GOOD_FAITH = "good_faith"
    """To somebody who is no criminal, who is presumed to have given value for it."""
    TO_VICTIM = "to_victim"
    """Back to an account of the victim that it was stolen from, or in a payment that another victim disputes."""


@dataclass(frozen=True, slots=True)
class Stolen:
    """A booked instalment: minor units, microseconds of UTC."""

    row: int
    """Place in the ledger."""
    fraud: int
    amount: int
    time_us: int


@dataclass(frozen=True)
class Truth:
    """What became of stolen money; minor units, microseconds of UTC, accounts by number."""

    stolen: Sequence[Stolen]
    holds: Holds
    reported_us: Mapping[int, int]
    """By fraud, when its first report was entered."""
    lies: pl.DataFrame
    """account i32, fraud i32, amount i64: what lies with criminals at the end, without what was returned."""
    left: pl.DataFrame
    """fraud i32, time_us i64, since_us i64, amount i64, exit str: what left, when, when it had been stolen, and how."""
    carried: pl.DataFrame
    """row i32 (place in the ledger), fraud i32, amount i64: what rows carried of stolen money; a return carries none."""
    returned: int
    """What returns gave back of stolen money."""
    returned_by_fraud: Mapping[int, int]
    unmatched: int
    """Returns that no booked row shows."""
    assumed: int
    """What debits found too little of beside what was held: the story of the holds does not fit the books."""

    def loss_until(self, until_us: Mapping[int, int]) -> dict[int, int]:
        """Return by fraud what had been stolen until an instant of its own, inclusive."""
        out = dict.fromkeys(until_us, 0)
        for one in self.stolen:
            if one.fraud in out and one.time_us <= until_us[one.fraud]:
                out[one.fraud] += one.amount
        return out

    def inside_at_report(self) -> dict[int, int]:
        """Return by reported fraud what of its loss until then was inside when its report was entered."""
        out = self.loss_until(self.reported_us)
        for fraud, at_us, amount in self.left.select("fraud", "time_us", "amount").iter_rows():
            if fraud in out and at_us < self.reported_us[fraud]:
                out[fraud] -= amount
        return out


def traceable(played: Played) -> Truth:
    """Return what became of stolen money if good faith ended no trail: what a trace of the statements finds.

    For what a hold on an innocent's account took beyond money that came of a crime, and for exports: never for what was kept.
    """
    return _follow(played, played.country.is_outside)


def truth_of(played: Played) -> Truth:
    """Return what became of stolen money in a play."""
    return _follow(played, ~played.country.is_criminal)


def _follow(played: Played, ends: npt.NDArray[np.bool_]) -> Truth:
    """Follow stolen money until it comes to an account that ends a trail."""
    holds = holds_of(played.happened)
    stolen = _stolen(played)
    back = [one for one in played.happened if isinstance(one, Returned)]
    rows, unmatched = _rows_of_returns(played, back)
    ledger = _ledger(played, rows, ends)
    held = [
        *(
            Held(
                holds.holds[span.hold].account + 1,
                span.amount,
                span.since_us,
                None if span.until_us is None else span.until_us - 1,
            )
            for span in holds.spans
        ),
        *(Held(one.account + 1, one.amount, one.at_us) for one in back),
    ]
    specials = Specials(len(ledger.amount))
    for number, one in enumerate(stolen):
        specials.mark(one.row, books.ROOT, claim=number, admitted=1)
    opening = np.append(0, played.country.accounts.opening_minor)
    opening[ledger.standing == TERMINAL] = 0
    openings = Openings(opening, np.full(len(opening), GIVEN, np.uint8))
    marked = Marked(specials, [one.row for one in stolen], [], (), held)
    events = lay_events(ledger, openings, marked, Options())
    found = follow("fifo", ledger, openings, events, holds_count=len(held))
    reported = {
        one.fraud: one.at_us for one in reversed(played.happened) if isinstance(one, Reported)
    }
    lies, returned = _lies(found, stolen, held, len(holds.spans))
    return Truth(
        stolen=stolen,
        holds=holds,
        reported_us=dict(sorted(reported.items())),
        lies=lies,
        left=_left(played, found, events, stolen),
        carried=_carried(found, events, stolen),
        returned=sum(returned.values()),
        returned_by_fraud=returned,
        unmatched=unmatched,
        assumed=int(events.assumed.amount.sum()),
    )


def _stolen(played: Played) -> list[Stolen]:
    """Return booked instalments in booking order."""
    at = played.ledger.with_row_index("at").filter(pl.col("instalment") >= 0)
    return [Stolen(*row) for row in at.select("at", "fraud", "amount", "time_us").iter_rows()]


def _rows_of_returns(played: Played, back: Sequence[Returned]) -> tuple[list[int], int]:
    """Return the ledger rows that returned money, and in minor units what was said to be returned without a row."""
    times = pl.Series([one.at_us for one in back], dtype=pl.Int64).unique()
    rows = played.ledger.with_row_index("at").filter(pl.col("time_us").is_in(times.implode()))
    known: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for at, *key in rows.select("at", "time_us", "payer", "amount").iter_rows():
        known[key[0], key[1], key[2]].append(at)
    found, unmatched = [], 0
    for one in back:
        places = known[one.at_us, one.account, one.amount]
        if places:
            found.append(places.pop(0))
        else:
            unmatched += one.amount
    return found, unmatched


def _ledger(played: Played, returns: Sequence[int], ends: npt.NDArray[np.bool_]) -> Ledger:
    """Return the play's ledger as the engine takes it: account n is pocket n + 1; returns are credits from outside."""
    frame, country = played.ledger, played.country
    payer = frame["payer"].to_numpy().astype(np.int32) + np.int32(1)
    payee = frame["payee"].to_numpy().astype(np.int32) + np.int32(1)
    count = len(country.accounts)
    standing = np.full(count + 1, KNOWN, np.uint8)
    standing[0] = TERMINAL
    standing[1:][ends] = TERMINAL
    source = np.where(standing[payer] == TERMINAL, OUTSIDE, payer).astype(np.int32)
    source[list(returns)] = OUTSIDE
    return Ledger(
        accounts=pl.Series(country.accounts.id, dtype=pl.String),
        currencies=(country.currency,),
        pocket_account=np.arange(-1, count, dtype=np.int32),
        pocket_currency=np.append(-1, np.zeros(count)).astype(np.int32),
        standing=standing,
        payer=payer,
        payee=payee,
        source=source,
        amount=frame["amount"].to_numpy().astype(np.int64),
        time=frame["time_us"].to_numpy().astype(np.int64),
        currency=np.zeros(len(frame), np.int32),
        mark=np.zeros(len(frame), np.uint8),
    )


def _lies(
    found: Followed, stolen: Sequence[Stolen], held: Sequence[Held], spans: int
) -> tuple[pl.DataFrame, dict[int, int]]:
    """Return what lies inside by account and fraud, and by fraud the stolen part of what was returned."""
    is_claims = found.colour >= 0
    hold, colour = found.hold[is_claims], found.colour[is_claims]
    amount, pocket = found.amount[is_claims], found.pocket[is_claims].copy()
    is_held = hold >= 0
    pocket[is_held] = np.array([one.pocket for one in held], np.int32)[hold[is_held]]
    is_back = hold >= spans
    fraud = np.array([one.fraud for one in stolen], np.int32)[colour >> 2]
    frame = pl.DataFrame(
        {
            "account": (pocket[~is_back] - 1).astype(np.int32),
            "fraud": fraud[~is_back].astype(np.int32),
            "amount": amount[~is_back].astype(np.int64),
        }
    )
    groups = frame.group_by("account", "fraud").agg(pl.col("amount").sum())
    back: dict[int, int] = {}
    for number, part in zip(fraud[is_back].tolist(), amount[is_back].tolist(), strict=True):
        back[number] = back.get(number, 0) + part
    return groups.sort("account", "fraud"), dict(sorted(back.items()))


def _carried(found: Followed, events: Events, stolen: Sequence[Stolen]) -> pl.DataFrame:
    """Return what each row carried of each fraud's money."""
    flows = found.flows[np.isin(found.flows["fate"], (books.MOVED, *_LEFT))]
    fraud = np.array([one.fraud for one in stolen], np.int32)
    frame = pl.DataFrame(
        {
            "row": events.row[flows["event"]].astype(np.int32),
            "fraud": fraud[flows["colour"] >> 2].astype(np.int32),
            "amount": flows["amount"].astype(np.int64),
        }
    )
    return frame.group_by("row", "fraud").agg(pl.col("amount").sum()).sort("row", "fraud")


def _left(
    played: Played, found: Followed, events: Events, stolen: Sequence[Stolen]
) -> pl.DataFrame:
    """Return what left, in order."""
    flows = found.flows[np.isin(found.flows["fate"], _LEFT)]
    claim = flows["colour"] >> 2
    fraud = np.array([one.fraud for one in stolen], np.int32)
    since = np.array([one.time_us for one in stolen], np.int64)
    row = events.row[flows["event"]]
    payee = played.ledger["payee"].to_numpy()[row].astype(np.int32)
    victims = played.ledger["payer"].to_numpy()[[one.row for one in stolen]].astype(np.int32)
    exits = _exits(played, payee, victims[claim])
    exits[flows["fate"] == books.TO_VICTIM] = str(Exit.TO_VICTIM)
    return pl.DataFrame(
        {
            "fraud": fraud[claim].astype(np.int32),
            "time_us": events.time[flows["event"]].astype(np.int64),
            "since_us": since[claim].astype(np.int64),
            "amount": flows["amount"].astype(np.int64),
            "exit": exits,
        },
        schema_overrides={"exit": pl.String},
    )


def _exits(played: Played, payee: I32, victim: I32) -> npt.NDArray[np.object_]:
    """Return how money left that came to a payee and had been stolen from a victim; both by account."""
    holder = played.country.accounts.holder
    found = np.full(len(payee), str(Exit.GOOD_FAITH), object)
    found[holder[payee] == holder[victim]] = str(Exit.TO_VICTIM)
    found[played.country.is_outside[payee]] = str(Exit.OUTSIDE)
    return found


__all__ = ["Exit", "Stolen", "Truth", "traceable", "truth_of"]
