"""A scripted country: accounts at named institutions, payments as a test writes them, and a report; no launderer, no draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recoup.rehearse.country import Accounts, Country, Fraud, HolderKind, Schedule
from recoup.rehearse.play.engine import Play
from recoup.rehearse.play.ports import Policy, Row
from rehearsal.hamlet import BEGIN, HOUR, hamlet

Move = tuple[int, int, int, int]
"""Microseconds after the beginning, payer, payee, amount."""


def scripted(openings: Sequence[int], moves: Sequence[Move], **changes: float) -> Country:
    """Return a country of accounts with these openings; all lie at one bank but the last, which is cash.

    `changes` are fields of that bank: by default it answers at once and is never wrong.
    """
    plain = hamlet(1, people=2, frauds=0, payments=1)
    bank = replace(plain.institutions[0], answer_median_seconds=1.0, answer_sigma=0.0, **changes)
    count, ordered = len(openings), sorted(moves)
    columns = [np.array(column, np.int64) for column in zip(*ordered, strict=True)]
    time, payer, payee, amount = columns or [np.zeros(0, np.int64)] * 4
    kinds = [HolderKind.PERSON] * (count - 1) + [HolderKind.OUTSIDE]
    return replace(
        plain,
        institutions=(bank, *plain.institutions[1:]),
        end_us=BEGIN + 60 * HOUR,
        accounts=Accounts(
            institution=np.array([*[0] * (count - 1), 4], np.int16),
            holder=np.arange(count, dtype=np.int32),
            holder_kind=np.array(kinds, np.int8),
            opening_minor=np.array(openings, np.int64),
            opened_us=np.full(count, BEGIN - 400 * 24 * HOUR, np.int64),
            device=np.arange(count, dtype=np.int32),
            id=tuple(f"62{number:014}" for number in range(count)),
        ),
        schedule=Schedule(
            time + BEGIN,
            payer.astype(np.int32),
            payee.astype(np.int32),
            amount,
            np.zeros(len(time), np.int8),
            np.zeros(len(time), np.int8),
        ),
    )


def play_script(
    country: Country, policy: Policy, reports: Sequence[tuple[int, Move]], days: int = 40
) -> Play:
    """Play a country and `days` more; each report comes so long after the beginning and names the payment of that move."""
    stage = Play(country, policy)
    policy.begin(stage)
    for number, (after_us, (time_us, payer, payee, amount)) in enumerate(reports):
        fraud = Fraud(number, "script", (), BEGIN + after_us, "", (), (1.0, 1.0, 1.0), number)

        def tell(fraud: Fraud = fraud, wanted: Move = (time_us, payer, payee, amount)) -> None:
            policy.reported(fraud, [_row(stage, wanted)])

        stage.at(BEGIN + after_us, tell)
    stage.run()
    stage.settle_up(country.end_us + days * 24 * HOUR)
    return stage


def _row(stage: Play, move: Move) -> Row:
    time_us, payer, payee, amount = move
    at = BEGIN + time_us
    found = stage.books.statement(payer, at, at)
    return next(row for row in found if (row.payee, row.amount) == (payee, amount))


__all__ = ["Move", "play_script", "scripted"]
