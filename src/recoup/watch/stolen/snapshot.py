"""The state of stolen money as bytes and back: canonical JSON behind a digest. The index of rows is kept by whoever owns it."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from recoup.care import MeasureKind
from recoup.errors import InputFault
from recoup.records.problems import Problem
from recoup.watch.stolen.measured import Measure, Spent
from recoup.watch.stolen.orders import Binding
from recoup.watch.stolen.picture import Entry, Facts, Label, Picture, Reversal
from recoup.watch.stolen.places import Lot
from recoup.watch.stolen.purse import Purse
from recoup.watch.stolen.rows import Row
from recoup.watch.stolen.sums import Fate, Sum

if TYPE_CHECKING:
    from recoup.watch.stolen.flow import StolenFlow

VERSION: Final = 2
_READ: Final = (1, VERSION)
"""What is read: the first version knew no measures."""
_DIGEST_BYTES: Final = 32


def dump(flow: StolenFlow) -> bytes:
    """Return the whole state but the rows; the same state gives the same bytes."""
    pictures, facts = flow.pictures, flow.pictures.facts
    state = {
        "version": VERSION,
        "newest": flow.index.newest,
        "oldest": flow.index.oldest,
        "catch_us": flow.catch_us,
        "time_us": flow.time_us,
        "given": [pictures.labels_given, flow.entries_given],
        "labels": sorted((number, *label) for number, label in facts.labels.items()),
        "reversals": sorted((n, one.original, one.offset) for n, one in facts.reversals.items()),
        "refunds": sorted(facts.refunds.items()),
        "returned": sorted(pictures.returned.items()),
        "bent": sorted(facts.bent.items()),
        "entries": sorted(facts.entries.items()),
        "ends": sorted((case, sorted(some)) for case, some in facts.ends.items()),
        "bindings": [
            (pocket, [(case, asdict(one)) for case, one in some.items()])
            for pocket, some in sorted(flow.bindings.items())
        ],
        "spared": sorted((pocket, sorted(some.items())) for pocket, some in flow.spared.items()),
        "measures": [
            (pocket, sorted(some.values()))
            for pocket, some in sorted(flow.measures.by_pocket.items())
        ],
        "spent": sorted(flow.measures.spent.items()),
        "base": _picture(pictures.base),
        "now": _picture(pictures.now),
    }
    body = json.dumps(state, separators=(",", ":")).encode()
    return sha256(body).digest() + body


def load(flow: StolenFlow, snapshot: bytes) -> None:
    """Put a state into a fresh flow over the same rows; raise `InputFault` for any other bytes."""
    digest, body = snapshot[:_DIGEST_BYTES], snapshot[_DIGEST_BYTES:]
    if sha256(body).digest() != digest:
        raise _unfit("digest", "take an older snapshot, or place the open cases anew")
    try:
        _load(flow, json.loads(body))
    except (
        AssertionError,
        LookupError,
        TypeError,
        ValueError,
    ) as fault:  # whoever wrote it, it is no state
        raise _unfit(
            f"contents: {fault}", "take an older snapshot, or place the open cases anew"
        ) from fault


def _load(flow: StolenFlow, state: dict[str, Any]) -> None:
    """Read a state whose bytes are as they were written."""
    if state["version"] not in _READ:
        raise _unfit(f"version {state['version']}", "use the program that wrote it")
    if (state["oldest"], state["newest"]) != (flow.index.oldest, flow.index.newest):
        raise _unfit(f"rows to {state['newest']}", "restore the rows of the same moment first")
    pictures, facts = flow.pictures, flow.pictures.facts
    flow.catch_us, flow.time_us = state["catch_us"], state["time_us"]
    pictures.labels_given, flow.entries_given = state["given"]
    for number, *label in state["labels"]:
        facts.add(number, Label(*label))
    facts.reversals = {
        number: Reversal(Row(*original), offset) for number, original, offset in state["reversals"]
    }
    facts.refunds, pictures.returned = dict(state["refunds"]), dict(state["returned"])
    facts.bent = dict(state["bent"])
    facts.entries = {
        pocket: [Entry(*one) for one in entries] for pocket, entries in state["entries"]
    }
    facts.ends = {case: dict.fromkeys(some) for case, some in state["ends"]}
    flow.bindings = {
        pocket: {case: Binding(**one) for case, one in some} for pocket, some in state["bindings"]
    }
    flow.spared = {pocket: dict(some) for pocket, some in state["spared"]}
    for pocket, some in state.get("measures", ()):
        for id_, kind, *rest in some:
            flow.measures.put(pocket, Measure(id_, MeasureKind(kind), *rest))
    flow.measures.spent = {pocket: Spent(*one) for pocket, one in state.get("spent", ())}
    pictures.base, pictures.now = _read(state["base"]), _read(state["now"])
    for picture in (pictures.base, pictures.now):
        _check(facts, picture)
    flow.refresh()


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "purses": [
            (pocket, one.free, one.lots, sorted(one.held.items()))
            for pocket, one in sorted(picture.purses.items())
        ],
        "sums": [
            (n, one.loss, one.standing, sorted((w, p, a) for (w, p), a in one.gone.items()))
            for n, one in sorted(picture.sums.items())
        ],
        "reached": sorted((number, sorted(some)) for number, some in picture.reached.items()),
    }


def _read(plain: dict[str, Any]) -> Picture:
    purses = {
        pocket: Purse(
            [(low, high) for low, high in free],
            [Lot(*lot) for lot in lots],
            {case: [(low, high) for low, high in spans] for case, spans in held},
        )
        for pocket, free, lots, held in plain["purses"]
    }
    sums = {
        number: Sum(loss, standing, {(Fate(why), pocket): amount for why, pocket, amount in gone})
        for number, loss, standing, gone in plain["sums"]
    }
    count = sum(len(purse.lots) for purse in purses.values())
    reached = {number: dict.fromkeys(some) for number, some in plain["reached"]}
    return Picture(purses, sums, count, reached)


def _check(facts: Facts, picture: Picture) -> None:
    """Assert that what was read is conserved: every lot is an open claim's, and they sum to what the claims' sums say."""
    found = {number: [0, 0, 0] for number in picture.sums}
    for pocket, purse in picture.purses.items():
        for before, lot in zip([None, *purse.lots], purse.lots, strict=False):
            assert lot.low < lot.high, "a lot without units"
            assert before is None or before.high <= lot.low, "two claims have one unit"
            found[lot.label][facts.standing[pocket]] += lot.high - lot.low
    for number, one in picture.sums.items():
        assert number in facts.labels, "sums of a claim that is not open"
        assert found[number] == one.standing, "lots that are not in the sums"
        one.check()


def _unfit(found: str, advice: str) -> InputFault:
    return InputFault([Problem("snapshot", "", 0, "", "snapshot_unfit", found, advice)])
