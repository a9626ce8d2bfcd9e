"""Scans of answer sheets: whose they are by their code, and their bytes in the vault. Decides nothing; `paper_room` does.

A code is believed only if this centre signed it. One that looks like a signed order and is none, or is another order's, keeps
the scan out; any other code (an institution's own, a seal's) says nothing. Where none can be read, a person sees whose it is.
"""

from __future__ import annotations

import base64
import re
from typing import Final

from recoup import limits
from recoup.centre.directory import Directory, Piece
from recoup.centre.letters import Letters
from recoup.centre.sheets import Scan, field_of_scan, subject_of_order
from recoup.errors import MessageFault, ScanFault, ScanProblem
from recoup.paper.scans import Looked
from recoup.stores.vault import Purpose

_SIGNED: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_PART_BYTES: Final = limits.PERSONAL_BYTES_MAX // 4 * 3
"""Of a scan in one piece of the vault, whose text is base64."""


def is_of(order_id: str, looked: Looked, letters: Letters | None) -> bool:
    """Return whether the order's own code stands on a scan; `ScanFault` if a false one or another order's does."""
    signed = [code for code in looked.codes if _SIGNED.fullmatch(code)]
    if letters is None:
        return False  # without a key nothing was signed here, and nothing can be believed
    for code in signed:
        try:
            found = letters.believed(code)
        except MessageFault as fault:
            raise ScanFault(ScanProblem.CODE_FALSE, fault.problem.value) from fault
        if found.id != order_id:
            raise ScanFault(ScanProblem.OTHER_ORDER)
    return bool(signed)


def order_in(code: str, letters: Letters | None) -> str | None:
    """Return the order that a code on paper says, if this centre signed it; None for anything else."""
    try:
        return letters.believed(code.encode()).id if letters is not None else None
    except (MessageFault, UnicodeError):
        return None


def pieces_of(scan: Scan, data: bytes) -> tuple[Piece, ...]:
    """Return a scan's bytes as the vault keeps them."""
    begins = range(0, len(data), _PART_BYTES)
    parts = [base64.b64encode(data[at : at + _PART_BYTES]).decode() for at in begins]
    subject = subject_of_order(scan.order)
    return tuple((subject, field_of_scan(scan.id, part), text) for part, text in enumerate(parts))


def read(directory: Directory, scan: Scan, purpose: Purpose) -> bytes | None:
    """Return the bytes of a scan whose reading was journalled; None if they were erased."""
    count = -(-scan.size // _PART_BYTES)
    subject = subject_of_order(scan.order)
    parts = [directory.read(subject, field_of_scan(scan.id, at), purpose) for at in range(count)]
    texts = [part for part in parts if part is not None]
    return b"".join(map(base64.b64decode, texts)) if len(texts) == count else None


__all__ = ["is_of", "order_in", "pieces_of", "read"]
