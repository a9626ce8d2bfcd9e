"""The stream's slow twin: keeps every payment in a list and works each feature out anew from the whole list. No arrays."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

from recoup.limits import POCKET_MINOR_MAX, ROW_MINOR_MAX
from recoup.records.kinds import KINDS
from recoup.watch.state import Outcome, Settings

SECOND = 1_000_000
DAY = 86_400 * SECOND
WEEK = 7 * DAY
SPANS = {"1m": 60 * SECOND, "1h": 3_600 * SECOND, "24h": DAY, "5d": 5 * DAY, "7d": WEEK}
TOLD = {"90d": 90 * DAY, "12m": 365 * DAY, "60m": 1_826 * DAY}
FAR = 4


@dataclass
class Row:
    time: int
    payer: int
    payee: int
    amount: int
    has_payer: bool
    has_payee: bool


@dataclass
class Pocket:
    """What replaying one pocket's own rows leaves."""

    into: int = 0
    out: int = 0
    arrival: int = 0
    dwell: int = -1
    activity: int = 0
    used: int | None = None
    last_in: int | None = None
    last_out: int | None = None
    shares: dict[str, int] = field(default_factory=dict)
    usual: dict[str, int] = field(default_factory=dict)
    lows: list[tuple[int, int]] = field(default_factory=list)  # (time, balance after)
    recent: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {"out": [], "in": []})
    seen: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {"out": [], "in": []})


def mix(number: int) -> int:
    h = ((number + 2) * 2654435761) % 2**32
    h = ((h ^ (h >> 16)) * 2246822507) % 2**32
    return h ^ (h >> 13)


def code_of(amount: int) -> int:
    e = amount.bit_length() - 1
    part = amount >> (e - 6) if e >= 6 else amount << (6 - e)
    return 64 * (e + 1) + part % 64


def decayed(value: int, passed: int) -> int:
    half = 30 * DAY
    if passed <= 0:
        return value
    if passed // half >= 31:
        return 0
    left = round(65_536 * 2 ** (-(passed % half // (half // 64)) / 64))
    return (value >> passed // half) * left >> 16


def distinct(others: list[int]) -> int:
    bits = len({mix(other) >> 26 for other in others})
    return round(-64 * math.log(1 - bits / 64)) if bits < 64 else round(64 * math.log(128))


def ratio(above: int, below: int) -> float:
    return above / below if below > 0 else 0.0


def age(now: int, since: int | None) -> float:
    return -1.0 if since is None else float((now - since) // SECOND)


class Twin:
    """Books and reads as a shard does."""

    def __init__(self, accounts: int, settings: Settings) -> None:
        self.accounts, self.settings = accounts, settings
        self.rows: list[Row] = []
        self.told: list[tuple[int, int, str]] = []
        self.openings: dict[int, tuple[int, int | None, int]] = {}
        self.stolen: dict[int, int] = {}
        self.near: list[tuple[int, int, int]] = []  # (generation, pocket, distance)
        self.clock: int | None = None

    # --- what is taken

    def check_time(self, time: int) -> Outcome:
        if self.clock is not None:
            if time < self.clock - self.settings.late_seconds * SECOND:
                return Outcome.TIME_LATE
            if time > self.clock + self.settings.ahead_seconds * SECOND:
                return Outcome.TIME_AHEAD
        if time < -(2**54):
            return Outcome.TIME_LATE
        return Outcome.TIME_AHEAD if time > 2**54 else Outcome.BOOKED

    def check(self, time, payer, payee, amount, kind, sides) -> Outcome:
        if amount <= 0:
            return Outcome.AMOUNT_NOT_POSITIVE
        if amount > ROW_MINOR_MAX:
            return Outcome.AMOUNT_TOO_LARGE
        if payer == payee:
            return Outcome.SAME_ACCOUNT
        needed = [payer] * ("out" in sides) + [payee] * ("in" in sides)
        if min(payer, payee) < -1 or max(needed) >= self.accounts or needed == [-1]:
            return Outcome.ACCOUNT_UNKNOWN
        if not 0 <= kind < len(KINDS):
            return Outcome.KIND_UNKNOWN
        out = self.replay(payer).out if "out" in sides and payer >= 0 else 0
        into = self.replay(payee).into if "in" in sides and payee >= 0 else 0
        if max(out, into) + amount > POCKET_MINOR_MAX:
            return Outcome.SUM_TOO_LARGE
        return self.check_time(time)

    def pay(self, time, payer, payee, amount, kind=0, sides=("out", "in")):
        """Return the outcome and the features by name, None for a refused payment."""
        outcome = self.check(time, payer, payee, amount, kind, sides)
        if outcome is not Outcome.BOOKED:
            return outcome, None
        self.clock = time if self.clock is None else max(self.clock, time)
        features = self.read(payer, payee, amount, kind, sides)
        has_payer, has_payee = "out" in sides and payer >= 0, "in" in sides and payee >= 0
        if has_payer and has_payee:
            generation = self.clock // WEEK
            of_payer, of_payee = self.distance(payer), self.distance(payee)
            self.near += [(generation, payer, of_payee + 1), (generation, payee, of_payer + 1)]
        self.rows.append(Row(self.clock, payer, payee, amount, has_payer, has_payee))
        return outcome, features

    def report(self, account: int, time: int, kind: str) -> Outcome:
        outcome = self.check_time(time)
        if outcome is not Outcome.BOOKED:
            return outcome
        self.clock = time if self.clock is None else max(self.clock, time)
        self.told.append((self.clock, account, kind))
        paid = [r.payee for r in self.rows if r.has_payer and r.payer == account and r.has_payee]
        paid_by = [r.payer for r in self.rows if r.has_payee and r.payee == account and r.has_payer]
        for other in paid + paid_by:
            self.near.append((self.clock // WEEK, other, 1))
        return outcome

    # --- what is read

    def distance(self, pocket: int) -> int:
        if any(p == pocket and self.clock - t < TOLD["60m"] for t, p, _ in self.told):
            return 0
        now = self.clock // WEEK
        near = [d for g, p, d in self.near if p == pocket and g in {now, now - 1}]
        return min([FAR, *near])

    def own(self, pocket: int, way: str) -> list[Row]:
        if way == "out":
            return [r for r in self.rows if r.has_payer and r.payer == pocket]
        return [r for r in self.rows if r.has_payee and r.payee == pocket]

    def replay(self, pocket: int) -> Pocket:
        opening, opened, arrival = self.openings.get(pocket, (0, None, 0))
        p = Pocket(into=opening, arrival=arrival)
        for r in self.rows:
            way = "out" if r.has_payer and r.payer == pocket else ""
            way = "in" if r.has_payee and r.payee == pocket else way
            if not way:
                continue
            balance = p.into - p.out
            if way == "out":
                if balance > 0:
                    lay = min((r.time - p.arrival) // SECOND, 2**30)
                    p.dwell = lay if p.dwell < 0 else p.dwell + ((lay - p.dwell) >> 2)
                p.into += max(0, r.amount - balance)
                p.out += r.amount
            else:
                part = float(r.amount) / float(balance + r.amount)
                p.arrival = p.arrival + int(float(r.time - p.arrival) * part) if balance else r.time
                p.into += r.amount
            p.lows.append((r.time, p.into - p.out))
            last = max((t for t in (p.last_in, p.last_out) if t is not None), default=None)
            p.activity = (decayed(p.activity, r.time - last) if last is not None else 0) + 256
            p.used = r.time if p.used is None else p.used
            if way == "out":
                p.last_out = r.time
            else:
                p.last_in = r.time
            other = r.payee if way == "out" else r.payer
            code = code_of(r.amount)
            if other != -1:
                p.seen[way].append((r.time // WEEK, other))
                p.recent[way] = [(mix(other) >> 12, code), *p.recent[way]][:8]
            level = p.usual.get(way)
            p.usual[way] = 8 * code if level is None else level + ((8 * code - level) >> 3)
            _, _, is_night = self.local(r.time)
            marks = {
                "night": is_night,
                "round": self.is_round(r.amount),
                "below": self.is_below(r.amount),
            }
            for mark, flag in marks.items():
                share = p.shares.get(f"{way}_{mark}", 0)
                p.shares[f"{way}_{mark}"] = share + ((32_767 * flag - share) >> 4)
        if opened is not None:
            p.used = opened
        return p

    def local(self, time: int):
        offset = [o for since, o in self.settings.zone if since <= time] or [
            self.settings.zone[0][1]
        ]
        seconds = time // SECOND + offset[-1]
        begin, end = self.settings.night
        second = seconds % 86_400
        is_night = begin <= second < end if begin <= end else not end <= second < begin
        return second, (seconds // 86_400 + 3) % 7, is_night

    def is_round(self, amount: int) -> bool:
        return amount % self.settings.round_minor == 0

    def is_below(self, amount: int) -> bool:
        share = self.settings.below_per_mille
        return any(x - x * share // 1_000 <= amount < x for x in self.settings.limits_minor)

    def side(self, pocket: int, way: str, amount: int) -> dict[str, float]:
        now, f = self.clock, {}
        for name, span in SPANS.items():
            for direction in ("out", "in"):
                inside = [r.amount for r in self.own(pocket, direction) if now - span < r.time]
                f[f"{direction}_count_{name}"] = len(inside)
                f[f"{direction}_sum_{name}"] = sum(inside)
        f["passed_on_24h"] = ratio(f["out_sum_24h"], f["in_sum_24h"])
        f["passed_on_7d"] = ratio(f["out_sum_7d"], f["in_sum_7d"])
        f["in_out_count_ratio_5d"] = ratio(f["in_count_5d"], f["out_count_5d"])
        f["out_in_sum_ratio_5d"] = ratio(f["out_sum_5d"], f["in_sum_5d"])
        p = self.replay(pocket)
        balance = p.into - p.out
        since = (now // WEEK - 1) * WEEK
        before = [b for t, b in p.lows if t < since]
        start = before[-1] if before else self.openings.get(pocket, (0, None, 0))[0]
        last = max((t for t in (p.last_in, p.last_out) if t is not None), default=None)
        f["balance"] = balance
        f["balance_low"] = min([start, *(b for t, b in p.lows if t >= since)])
        f["dwell"] = p.dwell
        f["opened_age"], f["used_age"] = age(now, p.used), age(now, last)
        f["in_age"], f["out_age"] = age(now, p.last_in), age(now, p.last_out)
        for others, direction in (("payers", "in"), ("payees", "out")):
            seen = [o for g, o in p.seen[direction] if g >= now // WEEK - 1]
            f[f"{others}_distinct_7d"] = distinct(seen)
        f["activity"] = decayed(p.activity, now - last) / 256 if last is not None else 0.0
        for mark in ("out_night", "out_round", "out_below", "in_night", "in_round", "in_below"):
            f[f"{mark}_share"] = p.shares.get(mark, 0) / 32_767
        for kind in ("reports", "markers"):
            for name, span in TOLD.items():
                told = [t for t, who, what in self.told if who == pocket and what == kind]
                f[f"{kind}_{name}"] = sum(now - t < span for t in told)
        stolen = self.stolen.get(pocket, 0)
        f["reported_distance"], f["stolen"] = self.distance(pocket), stolen
        f["stolen_share"] = ratio(min(stolen, balance), balance)
        usual, code = p.usual.get(way), code_of(amount)
        f["amount_to_usual"] = 0.0 if usual is None else (8 * code - usual) / 512
        for each in ("out", "in"):
            f[f"{each}_similar_count"] = sum(abs(kept - code) <= 1 for _, kept in p.recent[each])
        return f

    def read(self, payer, payee, amount, kind, sides) -> dict[str, float]:
        f: dict[str, float] = {}
        has_payer, has_payee = "out" in sides and payer >= 0, "in" in sides and payee >= 0
        for name, here, pocket, way in (
            ("payer", has_payer, payer, "out"),
            ("payee", has_payee, payee, "in"),
        ):
            own = self.side(pocket if here else -9, way, amount)
            f |= {f"{name}_{key}": value if here else -1.0 for key, value in own.items()}
        recent = self.replay(payer).recent["out"] if has_payer and payee != -1 else []
        same = [code for who, code in recent if who == mix(payee) >> 12]
        small = self.settings.small_minor
        f["pair_is_new"] = has_payer and payee != -1 and not same
        f["pair_recent_count"] = len(same)
        f["pair_small_before_large"] = (
            any(code <= code_of(small) for code in same)
            and amount >= small * self.settings.times_larger
        )
        for name, a, b in (("", payer, payee), ("back_", payee, payer)):
            inside = [
                r.amount
                for r in self.rows
                if (r.payer, r.payee) == (a, b)
                and -1 not in (a, b)
                and self.clock - r.time < SPANS["5d"]
            ]
            f[f"pair_{name}count_5d"], f[f"pair_{name}sum_5d"] = len(inside), sum(inside)
        second, weekday, is_night = self.local(self.clock)
        f |= {
            "payment_amount": amount,
            "payment_kind": kind,
            "payment_day_seconds": second,
            "payment_weekday": weekday,
            "payment_is_night": is_night,
            "payment_is_round": self.is_round(amount),
            "payment_is_below": self.is_below(amount),
        }
        p = self.replay(payer) if has_payer else Pocket()
        f["payment_amount_to_balance"] = ratio(amount, p.into - p.out)
        return f

    # --- where old money went

    def expand(self, pocket: int, low: int, high: int) -> list[tuple[int, int, int]]:
        """Return (row, low, high) of the rows that took units of a pocket's axis, newest first."""
        found, at = [], 0
        for number, r in enumerate(self.rows):
            if r.has_payer and r.payer == pocket:
                begin, end = max(low, at), min(high, at + r.amount)
                found += [(number, begin, end)] if begin < end else []
                at += r.amount
        return found[::-1]


def bits(value: float) -> bytes:
    """Return the bits of a float: equal ones are the same number to the last bit."""
    return struct.pack("<d", value)
