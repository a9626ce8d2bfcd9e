"""Snapshots of a watch as they were written before ids and accounts stood in columns: read, and never written any more."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from recoup.watch.stream import NEVER_US
from recoup.watching.answered import ANSWER, AnsweredColumns, Said
from recoup.watching.asked import kind_number

MAGIC_BEFORE: Final = b"recoup-watch 1\n"
_FIELDS: Final = (
    *("id", "action", "ground", "causes", "expires_us", "problem", "field", "score", "chance"),
    *("rules", "rules_shadow", "would", "withheld", "features_digest", "versions", "is_repeat"),
)
"""Of a decision, in the order in which they were written."""
_COPIED: Final = ("action", "ground", "problem", "would", "withheld")


class _Whole(msgspec.Struct, array_like=True):
    opening: dict[str, Any]
    shard: bytes
    patterns: bytes | None
    counters: bytes
    taken: int
    waiting: list[Any]
    flow: Any
    pockets: list[tuple[str, str]]
    listed: dict[str, list[str]]
    ids: list[tuple[str, list[Any], list[Any]]]
    waiting_ids: list[tuple[int, str]]
    rows: list[tuple[str, int]]
    log_digest: str


def in_columns(body: bytes | memoryview) -> tuple[bytes, bytes, bytes | None]:
    """Return the parts of a snapshot as they are written today: what is packed, the shard, the rings.

    Raises `msgspec.DecodeError`, `LookupError`, `TypeError` or `ValueError` for one that cannot be.
    """
    whole = msgspec.msgpack.decode(body, type=_Whole)
    currencies = {code: at for at, code in enumerate(whole.opening["currencies"])}
    places = [currencies[code] for _, code in whole.pockets]
    parts = [
        *(whole.opening, whole.counters, whole.taken),
        *(whole.waiting, whole.flow),
        [account for account, _ in whole.pockets],
        np.array(places, "<i2").tobytes(),
        whole.listed,
        _answered(whole, currencies),
        whole.waiting_ids,
        [id_ for id_, _ in whole.rows],
        np.array([row for _, row in whole.rows], "<i8").tobytes(),
        whole.log_digest,
    ]
    return msgspec.msgpack.encode(parts), whole.shard, whole.patterns


def _answered(whole: _Whole, currencies: dict[str, int]) -> AnsweredColumns:
    pockets = {pair: number for number, pair in enumerate(whole.pockets)}
    rows = np.zeros(len(whole.ids), ANSWER)
    words: dict[bytes, int] = {}
    said: list[Said] = []
    facts = []
    for at, (_, plain, made) in enumerate(whole.ids):
        time_us, payer, payee, amount, code, kind, named = plain
        one, row = dict(zip(_FIELDS, made, strict=True)), rows[at]
        row["time_us"], row["amount"], row["currency"] = time_us, amount, currencies[code]
        for name, account in (("payer", payer), ("payee", payee)):
            row[name] = pockets[account, code] if account else -1
        row["kind"] = kind_number(kind) if kind else -1
        for name in _COPIED:
            row[name] = one[name]
        for name in ("score", "chance"):
            row[name] = np.nan if one[name] is None else one[name]
        row["expires_us"] = NEVER_US if one["expires_us"] is None else one["expires_us"]
        row["digest"] = int(one["features_digest"] or "0", 16)
        spoken = Said(
            *([tuple(cause) for cause in one["causes"]], one["rules"], one["rules_shadow"]),
            one["versions"],
        )
        row["said"] = words.setdefault(msgspec.msgpack.encode(spoken), len(said))
        if row["said"] == len(said):
            said.append(spoken)
        if named:
            facts.append((at, [(name, value) for name, value in named]))
    ids = [id_ for id_, _, _ in whole.ids]
    return AnsweredColumns(ids, rows.tobytes(), said, facts)


__all__ = ["MAGIC_BEFORE", "in_columns"]
