"""The example case as a simulation: who the people are, what the ring does, and the transfers that follow. Writes nothing.

Everything is invented: banks that do not exist (their names mean "nobody", "nowhere", "dream", "mirage"), persons named by the
sixty-year cycle, card numbers whose check digit is wrong on purpose. One seed decides every amount and second.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
DAY = datetime(2025, 11, 12, tzinfo=BEIJING)
DRAWN_AT = DAY.replace(hour=17, minute=30)
"""The banks answered at this time: what had not left by then is still there."""

BANKS = {
    "ZX": "子虚银行",
    "WY": "乌有银行",
    "NK": "南柯银行",  # states minutes only: many rows share one time
    "JH": "镜花银行",
    "SY": "水月农商银行",  # lists the newest row first
    "HL": "黄粱银行",
    "ZY": "纸鸢支付",  # a wallet
    "HS": "海市数字资产",  # an exchange of virtual currency
}
MINUTES_ONLY = "NK"
_CYCLE = [
    s + b for s, b in zip("甲乙丙丁戊己庚辛壬癸" * 6, "子丑寅卯辰巳午未申酉戌亥" * 5, strict=True)
]
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范"
)


@dataclass
class Account:
    """One account of the case; `known` says whether its statement was obtained."""

    key: str
    number: str
    name: str
    bank: str
    opening: int
    known: bool = True
    balance: int = 0


@dataclass(frozen=True)
class Row:
    """One transfer as it happened: keys of accounts, '' for the outside; amounts in fen."""

    id: str
    time: datetime
    payer: str
    payee: str
    amount: int
    rail: str
    kind: str
    reference: str
    payer_name: str
    payee_name: str
    payer_balance: int | None
    payee_balance: int | None
    reverses: str


@dataclass
class Case:
    """What the simulation leaves: accounts by key, transfers in their true order, claims."""

    accounts: dict[str, Account] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    claims: list[tuple[str, str, str, datetime]] = field(default_factory=list)


# key: (bank, where its money goes: target key or kind:counterparty, in percent of what is there; the rest stays)
RING: dict[str, tuple[str, list[tuple[str, int]]]] = {
    "A1": ("ZX", [("B1", 40), ("B2", 35), ("B3", 25)]),
    "A2": ("WY", [("B3", 30), ("B4", 40), ("B5", 30)]),
    "A3": ("NK", [("B5", 35), ("B6", 35), ("B7", 20)]),
    "A4": ("HL", [("B8", 50), ("B9", 48)]),
    "A5": ("JH", [("B10", 60), ("B11", 40)]),
    "A6": ("SY", [("B12", 55), ("B1", 40)]),
    "B1": ("NK", [("D1", 50), ("D2", 40)]),
    "B2": ("HL", [("D3", 55), ("D4", 40)]),
    "B3": ("ZX", [("D5", 60), ("cash_out:", 20)]),
    "B4": ("WY", [("D6", 50), ("D7", 45)]),
    "B5": ("JH", [("abroad:Nowhere Trading Ltd", 60), ("D8", 30)]),
    "B6": ("SY", [("D8", 55), ("D9", 40)]),
    "B7": ("ZX", [("D10", 70)]),
    "B8": ("NK", [("D11", 45), ("D12", 45)]),
    "B9": ("HL", [("D13", 50), ("W1", 45)]),
    "B10": ("WY", [("D14", 60), ("cash_out:", 30)]),
    "B11": ("ZX", [("W2", 60), ("purchase:虚构金店", 38)]),
    "B12": ("JH", [("D1", 45), ("D13", 50)]),
    "D1": ("WY", [("E1", 50), ("E2", 45)]),
    "D2": ("SY", [("cash_out:", 60), ("E2", 38)]),
    "D3": ("ZX", [("B2", 30), ("E3", 50)]),  # the cycle: part of it goes back to B2
    "D4": ("NK", [("X1", 90)]),
    "D5": ("HL", [("U1", 55), ("E4", 40)]),
    "D6": ("ZX", [("E4", 60)]),
    "D7": ("JH", [("W3", 50), ("E5", 45)]),
    "D8": ("NK", [("S1", 35), ("E5", 60)]),
    "D9": ("HL", [("E6", 70), ("cash_out:", 25)]),
    "D10": ("SY", [("purchase:虚构手机城", 60), ("E6", 30)]),
    "D11": ("JH", [("X2", 90)]),
    "D12": ("ZX", [("E7", 55), ("E8", 40)]),
    "D13": ("WY", [("E8", 45), ("E9", 50)]),
    "D14": ("SY", [("E9", 40), ("cash_out:", 55)]),
    "E1": ("HL", [("cash_out:", 50), ("X1", 40)]),
    "E2": ("ZX", [("cash_out:", 70)]),
    "E3": ("JH", [("abroad:Mirage Imports FZE", 80)]),
    "E4": ("SY", [("cash_out:", 45), ("W2", 40)]),
    "E5": ("NK", [("purchase:虚构金店", 75)]),
    "E6": ("WY", [("X2", 60), ("cash_out:", 35)]),
    "E7": ("HL", [("cash_out:", 80)]),
    "E8": ("ZX", [("purchase:虚构加油卡", 40)]),
    "E9": ("JH", [("cash_out:", 50)]),
    "W1": ("ZY", [("purchase:虚构游戏点卡", 45), ("wallet:萤火钱包", 50)]),
    "W2": ("ZY", [("wallet:萤火钱包", 80)]),
    "W3": ("ZY", [("purchase:虚构直播打赏", 70)]),
    "X1": ("HS", [("exchange:USDT", 97)]),
    "X2": ("HS", [("exchange:USDT", 90)]),
}
_WORTH_MOVING = 100_000
_DWELL_MINUTES = {"A": (2, 5), "B": (3, 9), "D": (5, 14), "E": (8, 25), "W": (4, 15), "X": (3, 10)}

# claim: (victim, victim's key or '' for cash, first account, yuan in fen, hour, minute, second, minutes until the report)
FRAUDS = [
    ("C01", "周甲", "V1", "A1", 28_600_000, 13, 58, 12, 74),
    ("C02", "周甲", "V1", "A2", 15_000_000, 14, 21, 40, 51),
    (
        "C03",
        "吴乙",
        "V2",
        "A2",
        0,
        14,
        47,
        5,
        38,
    ),  # amount 0: everything there, the rebate it got included
    ("C04", "郑丙", "V3", "A3", 20_000_000, 14, 33, 0, 126),
    ("C05", "郑丙", "V3", "A4", 30_000_000, 15, 6, 0, 93),
    ("C06", "王丁", "V4", "A6", 1_280_050, 15, 12, 33, 25),
    (
        "C07",
        "冯戊",
        "V5",
        "A6",
        4_999_900,
        15,
        12,
        33,
        61,
    ),  # the same second as C06 into the same account
    (
        "C08",
        "陈己",
        "",
        "A5",
        8_000_000,
        16,
        58,
        18,
        24,
    ),  # paid in as cash by the victim at a counter
]


class Simulation:
    """Runs events in time order; every account moves on what it received after its dwell time."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.case = Case()
        self.events: list[tuple[datetime, int, str, tuple[object, ...]]] = []
        self.planned: set[str] = set()
        self.counter = 0

    def at(self, time: datetime, what: str, *details: object) -> None:
        self.counter += 1
        heapq.heappush(self.events, (time, self.counter, what, details))

    def open(self, key: str, bank: str, name: str, opening: int, *, known: bool = True) -> None:
        """Open an account: wallets and the exchange number theirs in their own way, banks with 19 digits."""
        count = len(self.case.accounts) + 1
        if bank in {"ZY", "HS"}:
            number = f"{bank}-{8800000000 + 7919 * count}"
        else:
            body = f"6299{list(BANKS).index(bank) + 1:02d}{self.random.randrange(10**12):012d}"
            number = body + str(
                (_luhn(body) + 5) % 10
            )  # the wrong check digit: no real card has this number
        self.case.accounts[key] = Account(key, number, name, bank, opening, known, opening)

    def pay(self, time: datetime, payer: str, payee: str, amount: int, **more: str) -> Row:
        """Book one transfer."""
        accounts, number = self.case.accounts, len(self.case.rows) + 1
        before, after = accounts.get(payer), accounts.get(payee)
        if before:
            before.balance -= amount
            assert before.balance >= 0 or not before.known, (
                f"{payer} would be overdrawn by T{number:04d}"
            )
        if after:
            after.balance += amount
        row = Row(
            id=f"T{number:04d}",
            time=time,
            payer=payer,
            payee=payee,
            amount=amount,
            rail=more.get("rail", "IBPS"),
            kind=more.get("kind", "transfer"),
            reference=f"20251112{number * 104_729 % 10**10:010d}",
            payer_name=before.name if before else more.get("payer_name", ""),
            payee_name=after.name if after else more.get("payee_name", ""),
            payer_balance=before.balance if before and before.known else None,
            payee_balance=after.balance if after and after.known else None,
            reverses=more.get("reverses", ""),
        )
        self.case.rows.append(row)
        return row

    def send(self, time: datetime, payer: str, payee: str, amount: int, **more: str) -> Row:
        """Pay, and let a member of the ring who receives it plan to move it on."""
        row = self.pay(time, payer, payee, amount, **more)
        if payee in RING:
            self.plan(payee, time)
        return row

    def plan(self, key: str, time: datetime) -> None:
        if key not in self.planned:
            low, high = _DWELL_MINUTES[key[0]]
            self.planned.add(key)
            self.at(
                self.clock(key, time + timedelta(seconds=self.random.randint(low * 60, high * 60))),
                "drain",
                key,
            )

    def clock(self, key: str, time: datetime) -> datetime:
        """The time as the payer's bank states it: one of them knows minutes only (rounded up, never before the cause)."""
        if RING[key][0] == MINUTES_ONLY and time.second:
            return time.replace(second=0) + timedelta(minutes=1)
        return time

    def drain(self, time: datetime, key: str) -> None:
        """Plan what is there to go out by the account's plan, in round amounts, seconds apart."""
        self.planned.discard(key)
        account = self.case.accounts[key]
        there = account.balance
        for target, percent in RING[key][1]:
            amount = there * percent // 100 // 10_000 * 10_000  # whole hundreds of yuan
            if amount >= _WORTH_MOVING:
                self.at(time, "move", key, target, amount)
            time = self.clock(key, time + timedelta(seconds=self.random.randint(15, 50)))
            if RING[key][0] == MINUTES_ONLY:
                time -= timedelta(minutes=1)  # all within one stated minute

    def move(self, time: datetime, key: str, target: str, amount: int) -> None:
        """Send one part on, or out: cash comes from a machine in pieces, a payment abroad costs a fee first."""
        if ":" not in target:
            self.send(time, key, target, amount, rail="wallet" if target[0] in "WX" else "IBPS")
            return
        kind, name = target.split(":")
        if kind == "abroad":
            self.pay(time, key, "", 15_000, kind="fee", payee_name="电汇手续费", rail="internal")
        parts = [amount]
        if kind == "cash_out":  # a machine gives 20,000 at most
            parts = [2_000_000] * (amount // 2_000_000) + [amount % 2_000_000] * (
                amount % 2_000_000 > 0
            )
        rail = {"cash_out": "ATM", "purchase": "POS", "abroad": "SWIFT"}.get(kind, "internal")
        for part in parts:
            self.pay(time, key, "", part, kind=kind, payee_name=name, rail=rail)

    def run(self) -> Case:
        """Play all events up to the moment the statements were drawn."""
        while self.events and self.events[0][0] <= DRAWN_AT:
            time, _, what, details = heapq.heappop(self.events)
            getattr(self, what)(time, *details)
        return self.case

    def fraud(
        self,
        time: datetime,
        claim: str,
        victim: str,
        key: str,
        first: str,
        amount: int,
        minutes: int,
    ) -> None:
        """The victim pays, by transfer or with cash at a counter."""
        if key:
            row = self.send(time, key, first, amount or self.case.accounts[key].balance)
        else:
            row = self.send(
                time, "", first, amount, kind="cash_in", rail="counter", payer_name=victim
            )
        self.case.claims.append((claim, victim, row.id, time + timedelta(minutes=minutes)))

    def pay_clean(self, time: datetime, payer: str, payee: str, amount: int) -> None:
        """Somebody pays for a reason of their own."""
        self.pay(time, payer, payee, amount)

    def bounce(self, time: datetime, payer: str, payee: str, amount: int) -> None:
        """A transfer to a wrong name, sent back three minutes later: a reversal."""
        row = self.send(time, payer, payee, amount)
        self.at(time + timedelta(minutes=3), "give_back", row)

    def give_back(self, time: datetime, row: Row) -> None:
        self.pay(time, row.payee, row.payer, row.amount, kind="reversal", reverses=row.id)


def _luhn(body: str) -> int:
    digits = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body))]
    return -sum(d - 9 if d > 9 else d for d in digits) % 10


def _clock(hour: int, minute: int, second: int = 0) -> datetime:
    return DAY.replace(hour=hour, minute=minute, second=second)


def _people(run: Simulation) -> None:
    """Open the accounts: victims, the ring, and honest people whose money it mixes with."""
    victims = [
        ("V1", "ZX", "周甲", 47_215_833),
        ("V2", "SY", "吴乙", 3_731_200),
        ("V3", "JH", "郑丙", 51_020_050),
    ]
    victims += [("V4", "HL", "王丁", 1_304_411), ("V5", "WY", "冯戊", 5_208_764)]
    for key, bank, name, opening in victims:
        run.open(key, bank, name, opening)
    for i, (key, (bank, _)) in enumerate(RING.items()):
        run.open(
            key,
            bank,
            _SURNAMES[i] + _CYCLE[i],
            run.random.randrange(1_235, 260_000) if key[0] in "BDE" else 0,
        )
    run.open("U1", "WY", "柳壬戌", 900_000, known=False)  # its bank has not answered
    run.open("S1", "WY", "虚构烟酒店", 1_840_000)
    run.open("G1", "HL", "虚构酒水批发部", 7_352_618)
    run.open("R1", "NK", "房东癸亥", 412_000)
    run.open("P1", "JH", "虚构物流有限公司", 90_000_000, known=False)
    for i, name in enumerate(("顾客甲", "顾客乙", "顾客丙", "顾客丁")):
        run.open(f"C{i + 1}", ("ZX", "NK", "SY", "HL")[i], name, 500_000, known=False)


def _honest_life(run: Simulation) -> None:
    """The shop's own trade, a salary, a rent: clean money in accounts that stolen money also passes."""
    run.at(_clock(10, 0), "pay_clean", "P1", "B7", 620_000)
    run.at(_clock(15, 30), "pay_clean", "B7", "R1", 180_000)
    for n in range(24):
        time = _clock(9, 10) + timedelta(
            minutes=20 * n + run.random.randint(0, 15), seconds=run.random.randint(0, 59)
        )
        run.at(
            time,
            "pay_clean",
            f"C{n % 4 + 1}",
            "S1",
            run.random.randint(18, 640) * 100 + run.random.choice((0, 50, 90)),
        )
    run.at(_clock(12, 30, 21), "pay_clean", "S1", "G1", 900_000)
    run.at(_clock(16, 45, 2), "pay_clean", "S1", "G1", 2_600_000)


def simulate(seed: int = 20251112) -> Case:
    """Return the whole case. The same seed gives the same case on every machine.

    >>> len(simulate().accounts)
    60
    """
    run = Simulation(seed)
    _people(run)
    _honest_life(run)
    for claim, victim, key, first, amount, hour, minute, second, minutes in FRAUDS:
        run.at(_clock(hour, minute, second), "fraud", claim, victim, key, first, amount, minutes)
    run.at(
        _clock(13, 59, 40), "pay_clean", "A1", "V2", 128_800
    )  # the bait: a rebate, paid with another victim's money
    run.at(_clock(14, 22, 50), "bounce", "A2", "D6", 990_000)
    run.at(
        _clock(15, 20), "pay_clean", "U1", "D9", 1_500_000
    )  # seen in the payees' statements only
    run.at(_clock(15, 41), "pay_clean", "U1", "E3", 1_200_000)
    return run.run()
