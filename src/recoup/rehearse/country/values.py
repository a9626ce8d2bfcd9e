"""What a country consists of. Values only; numbers are dense, names are made of them in one place.

What is marked *truth* is seen by the play, by launderers and by the figures, never by a policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from recoup.rehearse.scenario import InstitutionKind

I8 = npt.NDArray[np.int8]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


class HolderKind(IntEnum):
    """Who holds an account. *Truth* as far as it tells a criminal from others."""

    PERSON = 0
    FIRM = 1
    MERCHANT = 2
    DESK = 3
    """Sells virtual currency, knowingly or not."""
    MULE = 4
    """Lends or sells an account to launderers."""
    RUNNER = 5
    """Of a score-running pool (跑分): lets own accounts be used for a share."""
    SHELL = 6
    """A firm or merchant made for laundering."""
    OUTSIDE = 7
    """Cash, abroad: no holder."""


@dataclass(frozen=True, slots=True)
class Institution:
    """One institution and how it answers; times are lognormal."""

    name: str
    kind: InstitutionKind
    answer_median_seconds: float
    answer_sigma: float
    """Of the logarithm of the time from an order's arrival to its answer."""
    is_connected: bool = True
    """Takes signed orders by machine; else on paper, at office hours."""
    can_stop_amounts: bool = True
    error_share: float = 0.0
    """Of answers that say something wrong: moved where money is, or that nothing is there."""
    refusal_share: float = 0.0
    silent_share: float = 0.0
    orders_a_minute: int = 600


@dataclass(frozen=True, slots=True)
class Accounts:
    """Arrays of one length, by account number, from 0 on."""

    institution: I16
    """Place in `Country.institutions`."""
    holder: I32
    """Number of the person or firm; several accounts may have one holder. -1 outside."""
    holder_kind: I8
    """*Truth*: a `HolderKind`."""
    opening_minor: I64
    """Balance at the beginning; of the outside as much as is ever needed, so that the books balance."""
    opened_us: I64
    """When the account was opened."""
    device: I32
    """The device it is mostly used from; -1 none."""
    id: tuple[str, ...]
    """As statements and orders name it; says nothing about the holder."""

    def __len__(self) -> int:
        return len(self.institution)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What innocent people and firms are going to pay, whatever happens; arrays of one length in order of (time, place)."""

    time_us: I64
    payer: I32
    payee: I32
    amount_minor: I64
    kind: I8
    """Place in `records.kinds.KINDS`."""
    habit: I8
    """*Truth*: why it is paid, a place in `Country.habits`."""

    def __len__(self) -> int:
        return len(self.time_us)


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment that a victim is made to make."""

    time_us: int
    payer: int
    """The victim's account."""
    payee: int
    """The launderers' first account."""
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Fraud:
    """One crime as it would go if nobody stopped it. *Truth*, but for what the victim says in the report."""

    number: int
    script: str
    """Such as `impersonation`, `investment`, `customer_service`, `brushing`, `loan`, `romance`."""
    instalments: tuple[Instalment, ...]
    reported_us: int | None
    """When the centre hears of it: report delay after the last instalment; None: never."""
    strategy: str
    """How its launderers work, a name in `laundering.STRATEGIES`."""
    crew: tuple[int, ...]
    """Accounts that its launderers may use, the first layer first; crews may share accounts."""
    heeds: tuple[float, float, float]
    """Uniform draws in [0, 1): the victim heeds a warning on screen, a call, a visit where the scenario's share is above."""
    seed: int
    """Of everything that its launderers draw, so that every policy meets the same."""

    @property
    def loss_minor(self) -> int:
        """All that the victim is to pay."""
        return sum(one.amount_minor for one in self.instalments)


@dataclass(frozen=True)
class Country:
    """A country of one scenario and one seed."""

    seed: int
    currency: str
    timezone: str
    begin_us: int
    """Microseconds of UTC: the play begins."""
    end_us: int
    """No new payment is made from here on; clocks of orders and returns go on."""
    institutions: tuple[Institution, ...]
    accounts: Accounts
    schedule: Schedule
    habits: tuple[str, ...]
    frauds: tuple[Fraud, ...]
    warmup_us: int = 0
    """What is scheduled before `begin_us` + this warms the state of a watch; no fraud begins earlier."""

    second_precision: float | None = None
    """Which part of payments' times is kept in whole seconds, the others in milliseconds; None: all in microseconds."""

    def kept_us(self, time_us: int) -> int:
        """Return the first instant from `time_us` on that is kept as exactly as payments' times are here.

        Whoever pays of their own accord pays at such instants, or the digits of a time would tell who it was. Which of the two
        it is hangs on the instant alone, so that it is the same under every policy; whole seconds after such an instant is one.
        """
        if self.second_precision is None or not time_us % 1_000:
            return time_us
        mixed = time_us * 0x9E3779B97F4A7C15 % 2**64 >> 40
        step = 1_000_000 if mixed < self.second_precision * 2**24 else 1_000
        return -(-time_us // step) * step

    @property
    def is_criminal(self) -> npt.NDArray[np.bool_]:
        """*Truth*, by account: lent, sold or made for laundering. An exchange's desk is not: it may not know."""
        kind = self.accounts.holder_kind
        return np.asarray(np.isin(kind, (HolderKind.MULE, HolderKind.RUNNER, HolderKind.SHELL)))

    @property
    def is_outside(self) -> npt.NDArray[np.bool_]:
        """By account: money there has left the system."""
        return np.asarray(self.accounts.holder_kind == HolderKind.OUTSIDE)

    @property
    def is_innocent(self) -> npt.NDArray[np.bool_]:
        """*Truth*, by account: held by a person, firm, merchant or desk that is no criminal, victims among them."""
        return np.asarray(~(self.is_criminal | self.is_outside))


__all__ = [
    "Accounts",
    "Country",
    "Fraud",
    "HolderKind",
    "Instalment",
    "Institution",
    "InstitutionKind",
    "Schedule",
]
