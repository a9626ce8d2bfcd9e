"""pacs.008 in, a pacs.002-style answer out: ISO 20022 credit transfers as XML, any version. No schema check.

Elements are found by their local names. No document type is taken, no entity expanded, no network used; size and depth are
bounded. A payment goes on (ACCP), waits (PDNG) or is over (RJCT), and for the last two a reason stands beside it.

The message has no field of its own for where the payer gave the payment. Schemes say it by a code of the payment's type, which
a table of the service's settings reads; a code that is not in it, or two that differ, say nothing.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from textwrap import wrap
from typing import Final

from lxml import etree

from recoup import limits
from recoup.money import ISO_DIGITS, Digits
from recoup.watch.decision import MEASURE_CODES, ORDER_BINDS, STOLEN_CAUGHT
from recoup.watching.service.bodies import Taken, taken
from recoup.watching.service.keeping import MEASURE_CODE
from recoup.watching.service.port import DECISIONS, REFUSED, Answers, Extra, Reason
from recoup.watching.service.problems import OF_PAYMENTS, ProblemError

MEDIA_TYPE: Final = "application/xml"
NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"

STATUSES: Final = {
    "allow": "ACCP",
    "warn": "ACCP",
    "delay": "PDNG",
    "hold": "PDNG",
    "refuse": "RJCT",
}
"""Status of a transaction by decision; one that was refused as it stands is RJCT."""

_REASONS: Final = {
    "payment_id_taken": "AM05",
    "amount_not_positive": "AM12",
    "amount_unreadable": "AM12",
    "amount_too_fine": "AM12",
    "amount_too_large": "AM02",
    "sum_too_large": "AM02",
    "currency_unknown": "AM03",
    "time_unfit": "DT01",
    "time_late": "DT01",
    "time_ahead": "DT01",
    "accounts_missing": "AC01",
    "account_too_long": "AC01",
    "same_account": "AC01",
}
"""ExternalStatusReason1Code of a refusal; NARR, which says it in words, for the others."""
_PLACES: Final = ("LclInstrm", "CtgyPurp")
"""Of PmtTpInf: where a scheme's own codes stand, as `Cd` or `Prtry`."""
_NO_CHANNELS: Final[Mapping[str, str]] = {}
_TEXT_CHARS_MAX: Final = 105  # of AddtlInf, by the message's definition
_LINES_MAX: Final = 8
_REASONS_MAX: Final = 4
"""Lines of reasons: the others are for what the holder can do."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Names:
    """What the answer repeats of the message, so that its sender finds the transactions again."""

    message: str
    message_name: str
    transactions: Sequence[tuple[str, str, str]]
    """EndToEndId, TxId, UETR of each."""


def read_pacs008(
    body: bytes, digits: Digits = ISO_DIGITS, channels: Mapping[str, str] = _NO_CHANNELS
) -> tuple[Taken, Names]:
    """Return the payments of a pacs.008 and what its answer repeats; `channels` has the channel of a scheme's code."""
    root = _root(body)
    transfers = _all(root, "FIToFICstmrCdtTrf")
    if len(transfers) != 1 or not _local(root) == "Document":
        raise ProblemError("message_unreadable", "expected Document/FIToFICstmrCdtTrf")
    message = transfers[0]
    head = _first(message, "GrpHdr")
    rows = _all(message, "CdtTrfTxInf")
    if head is None or not _text(head, "MsgId") or not rows:
        raise ProblemError("message_unreadable", "expected GrpHdr/MsgId and CdtTrfTxInf")
    if len(rows) > limits.WATCH_BATCH_ROWS_MAX:
        raise ProblemError("batch_too_long", f"expected at most {limits.WATCH_BATCH_ROWS_MAX}")
    created = _text(head, "CreDtTm")
    stated = _text(head, "NbOfTxs")
    if stated and stated != str(len(rows)):
        raise ProblemError("message_unreadable", "NbOfTxs: expected the number of CdtTrfTxInf")
    amounts = [_first(row, "IntrBkSttlmAmt") for row in rows]
    names = [
        tuple(_text(row, "PmtId", name) for name in ("EndToEndId", "TxId", "UETR")) for row in rows
    ]
    found = taken(
        [tx or uetr or end for end, tx, uetr in names],
        [_account(row, "DbtrAcct") for row in rows],
        [_account(row, "CdtrAcct") for row in rows],
        [(a.get("Ccy") or "") if a is not None else "" for a in amounts],
        [(a.text or "").strip() if a is not None else "" for a in amounts],
        [_instant(_text(row, "AccptncDtTm") or created) for row in rows],
        [""] * len(rows),
        digits,
        [_channel(row, head, channels) for row in rows] if channels else (),
    )
    return found, Names(_text(head, "MsgId"), _message_name(root), names)  # type: ignore[arg-type]


def write_pacs002(names: Names, answers: Answers, message_id: str, now_us: int) -> bytes:
    """Return the status report of a message's transactions."""
    root = etree.Element("Document", nsmap={None: NAMESPACE})
    report = _under(root, "FIToFIPmtStsRpt")
    head = _under(report, "GrpHdr")
    _under(head, "MsgId", message_id)
    made = _EPOCH + timedelta(microseconds=now_us)
    _under(head, "CreDtTm", made.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    group = _under(report, "OrgnlGrpInfAndSts")
    _under(group, "OrgnlMsgId", names.message)
    _under(group, "OrgnlMsgNmId", names.message_name)
    for at, (end, tx, uetr) in enumerate(names.transactions):
        decision = int(answers.decisions[at])
        extra = answers.extras.get(at, _NOTHING)
        one = _under(report, "TxInfAndSts")
        for name, value in (
            ("OrgnlEndToEndId", end),
            ("OrgnlTxId", tx),
            ("OrgnlUETR", uetr),
            ("TxSts", "RJCT" if decision == REFUSED else STATUSES[DECISIONS[decision]]),
        ):
            if value:
                _under(one, name, value)
        _why(one, decision, extra, is_scored=bool(answers.scored[at]))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


_NOTHING: Final = Extra()


def _why(one: etree._Element, decision: int, extra: Extra, *, is_scored: bool) -> None:
    """Add the reason of a status, and in words what a bank's clerk needs."""
    if extra.refusal:
        code = _REASONS.get(extra.refusal, "NARR")
        lines = [f"{extra.refusal}: {OF_PAYMENTS[extra.refusal][1]}"]
    elif decision > 0:
        code = "AC06" if any(map(_binds, extra.reasons)) else "FR01"
        lines = [f"{reason.code}: {reason.words}" for reason in extra.reasons]
        lines = [line[:_TEXT_CHARS_MAX] for line in lines[:_REASONS_MAX]]
        for step in () if extra.remedy is None else extra.remedy.steps:
            said = wrap(step.english, _TEXT_CHARS_MAX)
            lines += said if len(lines) + len(said) <= _LINES_MAX else []  # whole, or not at all
    elif not is_scored:
        code, lines = "NARR", ["not scored; orders were enforced"]
    else:
        return
    why = _under(one, "StsRsnInf")
    _under(_under(why, "Rsn"), "Cd", code)
    for line in lines[:_LINES_MAX]:
        _under(why, "AddtlInf", line[:_TEXT_CHARS_MAX])


BINDING: Final = frozenset({ORDER_BINDS.code, STOLEN_CAUGHT.code})
"""Codes of reasons that say that an order of the centre, or stolen money of its cases, binds the account."""


def _binds(reason: Reason) -> bool:
    """Whether the account is blocked, rather than the payment suspected."""
    code = reason.code
    return code in BINDING or code == MEASURE_CODE or code.startswith(MEASURE_CODES)


def _root(body: bytes) -> etree._Element:
    """Return the document's root; depth is counted while it is read, so that a deep one costs nothing."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ProblemError("message_unreadable", "expected no document type declaration")
    depth, root = 0, None
    try:
        for event, element in etree.iterparse(
            io.BytesIO(body),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        ):
            depth += 1 if event == "start" else -1
            root = element if root is None else root
            if depth > limits.WATCH_MESSAGE_DEPTH_MAX:
                raise ProblemError("message_unreadable", "too many elements within each other")
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise ProblemError("message_unreadable", "expected XML") from error
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise ProblemError("message_unreadable", "expected no document type declaration")
    return root


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _message_name(root: etree._Element) -> str:
    namespace = str(root.tag).partition("}")[0].rpartition(":")[2]
    return namespace if namespace.startswith("pacs.008.") and len(namespace) <= 35 else "pacs.008"


def _all(parent: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in parent if _local(child) == name]


def _first(parent: etree._Element, *path: str) -> etree._Element | None:
    found = parent
    for name in path:
        child = next((child for child in found if _local(child) == name), None)
        if child is None:
            return None
        found = child
    return found


def _text(parent: etree._Element, *path: str) -> str:
    found = _first(parent, *path)
    return (found.text or "").strip() if found is not None else ""


def _account(row: etree._Element, side: str) -> str:
    return _text(row, side, "Id", "IBAN") or _text(row, side, "Id", "Othr", "Id")


def _channel(row: etree._Element, head: etree._Element, channels: Mapping[str, str]) -> str:
    """Return where a payment was given; its own type says it, else the whole message's; '' is not known."""
    kind = _first(row, "PmtTpInf")
    kind = _first(head, "PmtTpInf") if kind is None else kind
    if kind is None:
        return ""
    codes = (_text(kind, place, way) for place in _PLACES for way in ("Cd", "Prtry"))
    said = {channels[code] for code in codes if code in channels}
    return said.pop() if len(said) == 1 else ""


def _instant(text: str) -> int:
    """Return an instant in microseconds; one without an offset is not taken, because it may mean any."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ProblemError("message_unreadable", "CreDtTm: expected an instant with its offset")
    return (found - _EPOCH) // timedelta(microseconds=1)


def _under(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if text:
        child.text = text
    return child


__all__ = [
    "BINDING",
    "MEDIA_TYPE",
    "NAMESPACE",
    "STATUSES",
    "Names",
    "read_pacs008",
    "write_pacs002",
]
