"""The slow twin of truth and limits: every unit of money is an object in a queue, and remembers where it has been."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from recoup.rehearse.country import HolderKind, answer_seconds
from recoup.rehearse.play.happened import Reported
from recoup.rehearse.play.played import Played


@dataclass
class Coin:
    """One minor unit of a victim: which fraud took it, and (arrived, account) along its way."""

    fraud: int
    stolen_us: int
    way: list[tuple[int, int]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    left_us: int | None = None


def coins_of(played: Played) -> list[Coin]:
    """Return every stolen unit with its way, by queues of single units."""
    country = played.country
    outside = [bool(one) for one in country.is_outside]
    queues = [
        deque([None] * (0 if outside[n] else int(opening)))
        for n, opening in enumerate(country.accounts.opening_minor)
    ]
    coins = []
    columns = ("row", "time_us", "payer", "payee", "amount", "fraud", "instalment")
    for row, time_us, payer, payee, amount, fraud, instalment in played.ledger.select(
        columns
    ).iter_rows():
        if payer == payee:
            continue
        moved = (
            [None] * amount if outside[payer] else [queues[payer].popleft() for _ in range(amount)]
        )
        if instalment >= 0:
            for coin in moved:
                if coin is not None:
                    coin.left_us = time_us
            moved = [Coin(fraud, time_us) for _ in range(amount)]
            coins.extend(moved)
        for coin in moved:
            if coin is not None:
                coin.way.append((time_us, payee))
                coin.rows.append(row)
                if outside[payee] or _is_clean(played, payee):
                    coin.left_us = time_us
        if not outside[payee]:
            # Who is no criminal took it in good faith: whatever they have from here on is their own.
            queues[payee].extend([None] * amount if _is_clean(played, payee) else moved)
    return coins


def _is_clean(played: Played, account: int) -> bool:
    """Say whether an account is of somebody who is no criminal, from the list of kinds and not from the country's masks."""
    kind = HolderKind(int(played.country.accounts.holder_kind[account]))
    return kind in {HolderKind.PERSON, HolderKind.FIRM, HolderKind.MERCHANT, HolderKind.DESK}


def reports_of(played: Played) -> dict[int, int]:
    """Return when each fraud was first reported."""
    out: dict[int, int] = {}
    for one in played.happened:
        if isinstance(one, Reported):
            out.setdefault(one.fraud, one.at_us)
    return out


def inside_at_report(played: Played) -> dict[int, int]:
    """Return by reported fraud how many units stolen by then had not left."""
    reports = reports_of(played)
    out = dict.fromkeys(reports, 0)
    for coin in coins_of(played):
        at = reports.get(coin.fraud)
        if at is not None and coin.stolen_us <= at and (coin.left_us is None or coin.left_us >= at):
            out[coin.fraud] += 1
    return out


def latency_bound(played: Played) -> dict[int, int]:
    """Return by reported fraud the units that answer times leave: stop instants by going round until nothing changes."""
    reports = reports_of(played)
    out = {}
    for fraud, at in reports.items():
        coins = [c for c in coins_of(played) if c.fraud == fraud and c.stolen_us <= at]
        stop: dict[int, int] = {}
        while True:
            before = dict(stop)
            for coin in coins:
                first = coin.way[0][1]
                _lower(stop, first, at + _answer(played, first))
                for (_, account), (moved_us, payee) in _steps(coin):
                    if account not in stop or moved_us >= stop[account]:
                        break
                    if not played.country.is_outside[payee] and not _is_clean(played, payee):
                        _lower(stop, payee, stop[account] + _answer(played, payee))
            if stop == before:
                break
        out[fraud] = sum(_is_kept(coin, stop) for coin in coins)
    return out


def _steps(coin: Coin) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return list(zip(coin.way, coin.way[1:], strict=False))


def _is_kept(coin: Coin, stop: dict[int, int]) -> bool:
    for (_, account), (moved_us, _) in _steps(coin):
        if moved_us >= stop[account]:
            return True
    last = coin.way[-1][1]
    if coin.left_us is None:
        return True
    # It left from its last account inside, or with another victim's payment.
    return coin.way[-1][0] != coin.left_us and coin.left_us >= stop[last]


def _lower(stop: dict[int, int], account: int, at_us: int) -> None:
    stop[account] = min(at_us, stop.get(account, at_us))


def _answer(played: Played, account: int) -> int:
    institution = int(played.country.accounts.institution[account])
    return round(answer_seconds(played.country, institution, account) * 1_000_000)


__all__ = ["Coin", "coins_of", "inside_at_report", "latency_bound", "reports_of"]
