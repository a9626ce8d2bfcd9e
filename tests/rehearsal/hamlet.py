"""A hamlet: a country small enough to follow by hand, with a fraud or a few, for tests of what runs in a country."""

from __future__ import annotations

from random import Random

import numpy as np

from recoup.rehearse.country import (
    Accounts,
    Country,
    Fraud,
    HolderKind,
    Instalment,
    Institution,
    InstitutionKind,
    Schedule,
)

MINUTE = 60_000_000
HOUR = 60 * MINUTE
BEGIN = 1_767_571_200_000_000  # 2026-01-05T00:00:00Z


def hamlet(
    seed: int = 1, *, people: int = 60, mules: int = 24, frauds: int = 3, payments: int = 2_000
) -> Country:
    """Return a country of one day: the last two accounts are cash and abroad, the mules lie before them."""
    chance = Random(seed)
    institutions = (
        *(Institution(f"bank-{n}", InstitutionKind.BANK, 30.0, 0.5) for n in range(3)),
        Institution("paygate", InstitutionKind.PAYMENT, 20.0, 0.5),
        Institution("cash", InstitutionKind.CASH, 0.0, 0.0),
        Institution("abroad", InstitutionKind.ABROAD, 0.0, 0.0),
    )
    count = people + mules + 2
    kinds = [HolderKind.PERSON] * people + [HolderKind.MULE] * mules + [HolderKind.OUTSIDE] * 2
    numbers = chance.sample(range(10**9), count)
    accounts = Accounts(
        institution=np.array([*(n % 4 for n in range(count - 2)), 4, 5], np.int16),
        holder=np.array([*range(count - 2), -1, -1], np.int32),
        holder_kind=np.array(kinds, np.int8),
        opening_minor=np.array([5_000_000] * people + [100_000] * mules + [10**12] * 2, np.int64),
        opened_us=np.full(count, BEGIN - 400 * 24 * HOUR, np.int64),
        device=np.array([*range(count - 2), -1, -1], np.int32),
        id=tuple(f"62{number:014}" for number in numbers),
    )
    times = np.sort(np.array([chance.randrange(24 * HOUR) for _ in range(payments)], np.int64))
    pairs = [chance.sample(range(people), 2) for _ in range(payments)]
    schedule = Schedule(
        time_us=times + BEGIN,
        payer=np.array([a for a, _ in pairs], np.int32),
        payee=np.array([b for _, b in pairs], np.int32),
        amount_minor=np.array([chance.randint(100, 20_000) for _ in pairs], np.int64),
        kind=np.zeros(payments, np.int8),
        habit=np.zeros(payments, np.int8),
    )
    return Country(
        seed=seed,
        currency="CNY",
        timezone="Asia/Shanghai",
        begin_us=BEGIN,
        end_us=BEGIN + 24 * HOUR,
        institutions=institutions,
        accounts=accounts,
        schedule=schedule,
        habits=("gift",),
        frauds=tuple(_fraud(n, people, mules, chance) for n in range(frauds)),
    )


def _fraud(number: int, people: int, mules: int, chance: Random) -> Fraud:
    crew = tuple(people + n for n in chance.sample(range(mules), 8))
    at = BEGIN + chance.randrange(2 * HOUR, 10 * HOUR)
    first = Instalment(at, chance.randrange(people), crew[0], chance.randint(500_000, 3_000_000))
    return Fraud(
        number=number,
        script="impersonation",
        instalments=(first,),
        reported_us=at + chance.randrange(5 * MINUTE, 3 * HOUR),
        strategy="fan_out",
        crew=crew,
        heeds=(chance.random(), chance.random(), chance.random()),
        seed=chance.randrange(2**31),
    )


__all__ = ["BEGIN", "HOUR", "MINUTE", "hamlet"]
