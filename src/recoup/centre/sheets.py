"""Words of orders that are carried on paper: printed, handed over, their answer sheets typed twice. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from recoup.orders import Answer


@dataclass(frozen=True, slots=True)
class Sheet:
    """An answer sheet as the first person typed it; what is personal in it is only in the digest."""

    id: str
    order: str
    answer: Answer
    digest: str
    """Keyed digest of all that was typed, rows included."""
    typed_by: str
    confirmed_by: str = ""


@dataclass(frozen=True, slots=True)
class PrintOrder:
    """Set an order on paper: account and name are shown."""

    order_id: str


@dataclass(frozen=True, slots=True)
class HandOverOrder:
    """Note that the paper was handed to the institution."""

    order_id: str


@dataclass(frozen=True, slots=True)
class TypeSheet:
    """Write down what the institution put on the answer sheet."""

    order_id: str
    sheet: str
    answer: Answer
    digest: str


@dataclass(frozen=True, slots=True)
class ConfirmSheet:
    """Type the same sheet again, somebody else: the answer counts when both are alike."""

    sheet: str
    digest: str


@dataclass(frozen=True, slots=True)
class OrderPrinted:
    """Somebody saw account and name on an order's paper."""

    order_id: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderHandedOver:
    """The institution has the paper."""

    order_id: str
    by: str


@dataclass(frozen=True, slots=True)
class SheetTyped:
    """An answer sheet was typed for the first time."""

    sheet: Sheet


@dataclass(frozen=True, slots=True)
class SheetConfirmed:
    """It was typed alike by somebody else."""

    sheet: str
    by: str


Command = PrintOrder | HandOverOrder | TypeSheet | ConfirmSheet
Event = OrderPrinted | OrderHandedOver | SheetTyped | SheetConfirmed

__all__ = [
    "Command",
    "ConfirmSheet",
    "Event",
    "HandOverOrder",
    "OrderHandedOver",
    "OrderPrinted",
    "PrintOrder",
    "Sheet",
    "SheetConfirmed",
    "SheetTyped",
    "TypeSheet",
]
