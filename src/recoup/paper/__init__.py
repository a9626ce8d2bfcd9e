"""An order on paper for an institution that is not connected: PDF with the signed order as a QR code, and an answer sheet.

The paper says what the signed order says and nothing else; the QR code is the very message, so whoever holds the centre's
public key can check the sheet without us. Same order, same bytes: no clock is read.
"""

from __future__ import annotations

import hashlib
import io
from zoneinfo import ZoneInfo

import segno

from recoup.errors import LimitFault
from recoup.messages import Opened, OrderMessage
from recoup.money import ISO_DIGITS, format_minor
from recoup.orders import Extent, OrderKind, Outcome
from recoup.orders.kinds import FITTING, OFF_BANK
from recoup.paper.packet import packet_pdf
from recoup.paper.printing import printed, shown_time
from recoup.paper.words import KINDS, LANGUAGES, OUTCOMES, Language, said

QR_BYTES_MAX = 2_331
"""Bytes of the largest QR code at error level M (ISO/IEC 18004, version 40)."""

_LINE = 10
"""Millimetres of a line that is filled in by hand."""
_BOXES_OF_A_LINE = 5
_FILLED_OF_PAYMENT = ("answered_at", "code", "paid_amount", "paid_reference", "paid_at", "held")
_FILLED_BY_HAND = ("answered_at", "code", "held", "available", "started_at", "former", "moved_to")


def order_pdf(
    opened: Opened,
    sealed: bytes,
    *,
    language: Language = "zh",
    timezone: str = "Asia/Shanghai",
    check: str = "",
) -> bytes:
    """Return the order and its answer sheet as PDF/A-2b.

    Args:
        opened: the order, as `recoup.messages.open_paper` found it in `sealed`.
        sealed: the signed order.
        language: zh or en.
        timezone: IANA name of the zone in which times are shown.
        check: the digest by which the centre knows the order; with the order's number it can be checked at the public page.

    Raises:
        LimitFault: the signed order does not fit into a QR code.
    """
    order = opened.message
    assert isinstance(order, OrderMessage), "only orders are printed"
    if len(sealed) > QR_BYTES_MAX:
        raise LimitFault("QR_BYTES_MAX", QR_BYTES_MAX, len(sealed))
    is_stop = order.kind in {OrderKind.STOP, OrderKind.EXTEND}
    instruction = "instruction_stop" if is_stop else "instruction"
    kind = _kind(order, language)
    title = said("title", language).format(kind=kind)
    if order.kind is OrderKind.PAY_BACK:
        instruction, title = "instruction_pay_back", said("title_pay_back", language)
    content = {
        "title": title,
        "author": opened.issuer,
        "lang": language,
        "to": said("to", language).format(institution=order.institution),
        "instruction": said(instruction, language),
        "rows": _rows(order, kind, language, ZoneInfo(timezone)),
        "seal_words": said("seal", language),
        "digest": hashlib.sha256(sealed).hexdigest(),
        "check_words": said("check", language) if check else "",
        "check": check,
        "footer": said("footer", language).format(order=order.id, centre=opened.issuer),
        "sheet_title": f"{said('sheet_title', language)} · {title}",
        "sheet_words": said("sheet_words", language),
        "sheet_about": [
            (said("order", language), order.id),
            (said("case", language), order.case),
            (said("institution", language), order.institution),
        ],
        "sheet_return": said("sheet_return", language),
        "sheet": _sheet(order, language),
        "signatures": [said("first", language), said("second", language)],
    }
    return printed("order.typ", content, opened.signed_at, qr=qr_svg(sealed))


def qr_svg(sealed: bytes) -> str:
    """Return the signed order as a QR code, with the margin that readers need."""
    out = io.BytesIO()
    segno.make(sealed, error="m", micro=False, mode="byte").save(
        out, kind="svg", border=4, xmldecl=False, svgns=True
    )
    return out.getvalue().decode()


def _kind(order: OrderMessage, language: Language) -> str:
    if not isinstance(order.kind, OrderKind):
        return str(order.kind.value)
    return KINDS[order.kind][LANGUAGES.index(language)]


def _rows(
    order: OrderMessage, kind: str, language: Language, zone: ZoneInfo
) -> list[tuple[str, str]]:
    """Return what the order says, line by line; what it does not say has no line."""
    digits = ISO_DIGITS.of(order.currency)

    def money(minor: int) -> str:
        return f"{format_minor(minor, digits)} {order.currency}"

    disputed, notice, payee = order.disputed, order.notice, order.payee
    is_held = order.amount and payee is None
    extent = order.extent.value if isinstance(order.extent, Extent) and is_held else ""
    lies = order.account_kind.value if order.account_kind in OFF_BANK else ""
    found = {
        "order": order.id,
        "case": order.case,
        "kind": kind,
        "account": order.account_number,
        "name": order.account_name,
        "lies": said(f"lies_{lies}", language) if lies else "",
        "amount": money(order.amount) if is_held else "",
        "extent": said(f"extent_{extent}", language) if extent else "",
        "pay_amount": money(order.amount) if payee else "",
        "payee_account": payee.account_number if payee else "",
        "payee_name": payee.account_name if payee else "",
        "payee_institution": payee.institution if payee else "",
        "decision": payee.decision if payee else "",
        "officers": ", ".join(payee.officers) if payee else "",
        "due_at": shown_time(payee.due_at, zone) if payee else "",
        "disputed_amount": money(disputed.amount) if disputed else "",
        "disputed_at": shown_time(disputed.at, zone) if disputed else "",
        "reference": disputed.reference if disputed else order.serial,
        "original": order.original,
        "issued_at": shown_time(order.issued_at, zone),
        "ends_at": shown_time(order.ends_at, zone) if order.ends_at else "",
        "reason": order.reason,
        "authority": notice.authority if notice else "",
        "documents": ("、" if language == "zh" else ", ").join(notice.documents) if notice else "",
        "phone": notice.phone if notice else "",
        "tell_from": shown_time(order.tell_from, zone) if order.tell_from else "",
    }
    return [(said(name, language), words) for name, words in found.items() if words]


def _sheet(order: OrderMessage, language: Language) -> list[tuple[str, str, int]]:
    """Return the lines to fill in with their heights in millimetres; the choices are the answers that fit the order."""
    place = LANGUAGES.index(language)
    fitting = FITTING[order.kind] if isinstance(order.kind, OrderKind) else {Outcome.REFUSED}
    boxes = "  ".join(
        f"□ {words[place]}" for outcome, words in OUTCOMES.items() if outcome in fitting
    )
    rows = [
        (said("outcome", language), boxes, _LINE if len(fitting) < _BOXES_OF_A_LINE else 2 * _LINE)
    ]
    filled: tuple[str, ...] = _FILLED_BY_HAND
    if Outcome.PAID in fitting:
        rows.append((said("failed", language), said("payment_boxes", language), 2 * _LINE))
        rows.append((said("papers", language), said("paper_boxes", language), 2 * _LINE))
        filled = _FILLED_OF_PAYMENT
    if Outcome.MOVED in fitting:
        rows.append((said("failed", language), said("failed_boxes", language), _LINE))
    heights = {"former": 2 * _LINE, "moved_to": 4 * _LINE}
    return rows + [(said(name, language), "", heights.get(name, _LINE)) for name in filled]


__all__ = ["QR_BYTES_MAX", "order_pdf", "packet_pdf", "qr_svg"]
