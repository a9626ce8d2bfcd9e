"""The packet of a case that is handed over, on paper: what is due and proposed, holds, orders, claims, evidence, digest.

It says what the packet says. A table that is too long for paper is cut and says by how much; the digest covers the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from recoup import limits
from recoup.cases import Packet
from recoup.money import ISO_DIGITS, format_minor
from recoup.paper.packet_words import (
    CLAIM_STATES,
    CLOCKS,
    DECISION_STATES,
    DECISIONS,
    HOLD_WORDS,
    ORDER_STATES,
    said,
    worded,
)
from recoup.paper.printing import printed, shown_time
from recoup.paper.words import KINDS, LANGUAGES, Language

_DIGEST_SHOWN = 16
"""Digits of the digest at the foot of every page."""


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of a table."""

    name: str
    width: int
    """In parts of the page."""
    signs: int = 24
    """After how many signs a long id breaks."""
    is_number: bool = False


_Row = tuple[str, ...]
_COLUMNS: Final = {
    "clocks": (_Column("due_at", 4), _Column("what", 5), _Column("about", 7, 32)),
    "decisions": (
        _Column("decision", 7, 32),
        _Column("what", 5),
        _Column("about", 7, 32),
        _Column("state", 3),
    ),
    "holds": (
        _Column("account", 7, 32),
        _Column("state", 3),
        _Column("held", 4, is_number=True),
        _Column("ends_at", 4),
    ),
    "orders": (
        _Column("order", 55, 20),
        _Column("kind", 33),
        _Column("account", 55, 20),
        _Column("institution", 39, 14),
        _Column("amount", 45, is_number=True),
        _Column("state", 34),
        _Column("issued_at", 33),
    ),
    "claims": (
        _Column("claim", 7, 32),
        _Column("state", 3),
        _Column("amount", 4, is_number=True),
        _Column("missing", 4, is_number=True),
    ),
    "evidence": (_Column("number", 1, is_number=True), _Column("sha", 12, 64)),
    "mandates": (
        _Column("mandate", 7, 32),
        _Column("amount_max", 4, is_number=True),
        _Column("spent", 4, is_number=True),
    ),
}


def packet_pdf(
    packet: Packet, at: datetime, *, language: Language = "zh", timezone: str = "Asia/Shanghai"
) -> bytes:
    """Return a packet as PDF/A-2b.

    Args:
        packet: the case as it is handed over.
        at: when it was printed.
        language: zh or en.
        timezone: IANA name of the zone in which times are shown.
    """
    zone = ZoneInfo(timezone)
    about = {
        "case": packet.case,
        "unit": packet.unit,
        "digest": packet.digest,
        "facts_version": str(packet.facts_version),
        "trail_version": str(packet.trail_version),
        "trail_digest": packet.trail_digest,
        "printed_at": shown_time(at, zone),
        "zone": zone.key,
    }
    content = {
        "title": said("title", language),
        "author": packet.unit or packet.case,
        "lang": language,
        "words": said("words", language),
        "none": said("none", language),
        "about": [(said(name, language), words or "-") for name, words in about.items()],
        "parts": _Printer(language, zone).parts(packet),
        "signatures": [said("gives", language), said("takes", language)],
        "footer": said("footer", language).format(
            case=packet.case, digest=packet.digest[:_DIGEST_SHOWN]
        ),
    }
    return printed("packet.typ", content, at)


@dataclass(frozen=True, slots=True)
class _Printer:
    """In which words and zone a packet is set."""

    language: Language
    zone: ZoneInfo

    def parts(self, packet: Packet) -> list[dict[str, Any]]:
        """Return the tables, what is due first: it is what the new unit answers for."""
        return [
            self._part(name, _COLUMNS[name], rows)
            for name, rows in (
                ("clocks", self._clocks(packet)),
                ("decisions", self._decisions(packet)),
                ("holds", self._holds(packet)),
                ("orders", self._orders(packet)),
                ("claims", self._claims(packet)),
                ("evidence", ((str(at), x) for at, x in enumerate(packet.evidence, start=1))),
                ("mandates", self._mandates(packet)),
            )
        ]

    def _part(self, name: str, columns: Sequence[_Column], rows: Iterable[_Row]) -> dict[str, Any]:
        every = list(rows)
        left = len(every) - limits.PACKET_ROWS_MAX
        return {
            "title": said(name, self.language),
            "heads": [said(column.name, self.language) for column in columns],
            "widths": [column.width for column in columns],
            "signs": [column.signs for column in columns],
            "numbers": [column.is_number for column in columns],
            "rows": every[: limits.PACKET_ROWS_MAX],
            "more": said("more", self.language).format(count=left) if left > 0 else "",
        }

    def _clocks(self, packet: Packet) -> Iterator[_Row]:
        for row in packet.clocks:
            yield self._when(row.due_at), worded(CLOCKS, row.kind, self.language), row.about

    def _decisions(self, packet: Packet) -> Iterator[_Row]:
        for row in packet.decisions:
            state = worded(DECISION_STATES, row.state, self.language)
            yield row.id, worded(DECISIONS, row.kind, self.language), row.about, state

    def _holds(self, packet: Packet) -> Iterator[_Row]:
        for row in packet.holds:
            word = worded(HOLD_WORDS, row.word, self.language)
            yield row.account, word, _money(row.held, row.currency), self._when(row.ends_at)

    def _orders(self, packet: Packet) -> Iterator[_Row]:
        place = LANGUAGES.index(self.language)
        kinds = {kind.value: words[place] for kind, words in KINDS.items()}
        for row in packet.orders:
            yield (
                row.id,
                kinds.get(row.kind, row.kind),
                row.account,
                row.institution,
                _money(row.amount, row.currency),
                worded(ORDER_STATES, row.state, self.language),
                self._when(row.issued_at),
            )

    def _claims(self, packet: Packet) -> Iterator[_Row]:
        for row in packet.claims:
            amounts = (_money(row.amount, row.currency), _money(row.missing, row.currency))
            yield row.id, worded(CLAIM_STATES, row.state, self.language), *amounts

    def _mandates(self, packet: Packet) -> Iterator[_Row]:
        for name, currency, most, spent in packet.mandates:
            yield name, _money(most, currency), _money(spent, currency)

    def _when(self, at: datetime | None) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}" if at is not None else "-"


def _money(minor: int, currency: str) -> str:
    return f"{format_minor(minor, ISO_DIGITS.of(currency))} {currency}"


__all__ = ["packet_pdf"]
