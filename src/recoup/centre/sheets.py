"""Words of orders that are carried on paper: printed, handed over, their answer sheets scanned and typed twice. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recoup.orders import Answer

SCAN: Final = "scan"


def subject_of_order(order_id: str) -> str:
    """Return the vault's subject of what belongs to an order: one erasure takes all of it."""
    return f"order {order_id}"


def field_of_scan(scan_id: str, part: int | None = None) -> str:
    """Return the vault's field of a scan, or of one part of it: a piece of the vault is smaller than a scan."""
    return f"{SCAN} {scan_id}" if part is None else f"{SCAN} {scan_id} {part}"


@dataclass(frozen=True, slots=True)
class Scan:
    """An uploaded scan of an answer sheet; the scan itself lies in the vault."""

    id: str
    """SHA-256 of the file."""
    order: str
    media: str
    size: int
    """Bytes."""
    pages: int
    has_code: bool
    """The order's own signed code was read from it; else nobody but a person sees of which order it is."""


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
    scan: str = ""
    """The scan from which both persons type; '' for paper in the hand."""


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
    scan: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmSheet:
    """Type the same sheet again, somebody else: the answer counts when both are alike."""

    sheet: str
    digest: str
    scan: str = ""


@dataclass(frozen=True, slots=True)
class TakeScan:
    """Keep a scan of an answer sheet that was looked at."""

    scan: Scan


@dataclass(frozen=True, slots=True)
class ReadScan:
    """Show a scan: names and numbers are seen."""

    order_id: str
    scan: str


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


@dataclass(frozen=True, slots=True)
class ScanTaken:
    """A scan was kept in the vault, under its order's subject."""

    scan: Scan
    by: str


Command = PrintOrder | HandOverOrder | TypeSheet | ConfirmSheet | TakeScan | ReadScan
Event = OrderPrinted | OrderHandedOver | SheetTyped | SheetConfirmed | ScanTaken

__all__ = [
    "SCAN",
    "Command",
    "ConfirmSheet",
    "Event",
    "HandOverOrder",
    "OrderHandedOver",
    "OrderPrinted",
    "PrintOrder",
    "ReadScan",
    "Scan",
    "ScanTaken",
    "Sheet",
    "SheetConfirmed",
    "SheetTyped",
    "TakeScan",
    "TypeSheet",
    "field_of_scan",
    "subject_of_order",
]
