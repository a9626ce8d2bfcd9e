"""By what a printed document of a return is known again: its number, and a digest of all that stands in it. Writes nothing.

The file's own SHA-256 cannot stand in the file. This digest is of what the document says, so it is the same for the PDF however
it was signed, and for every print of it.
"""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from typing import Final

from recoup.paper.returning.filling import Filled

_AMOUNT: Final = "amount"


def paper_number(document: Filled) -> str:
    """Return the number that stands on a document, which is also the name of its file.

    >>> from recoup.paper.returning.layouts import Kind
    >>> paper_number(Filled(Kind.DECISION, "zh", 7))
    'decision-0007.zh'
    """
    return f"{document.kind}-{document.number:04d}.{document.language}"


def paper_digest(document: Filled, made_on: date) -> str:
    """Return SHA-256 over what a document says: every field, every row, its number and its date."""
    said = {
        "number": paper_number(document),
        "made_on": made_on.isoformat(),
        "about": document.about,
        "values": dict(document.values),
        "tables": {name: [dict(row) for row in rows] for name, rows in document.tables.items()},
    }
    plain = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(b"recoup paper of a return 1\n" + plain.encode()).hexdigest()


def paper_amount(document: Filled) -> str:
    """Return the sum that a document is about; '' where it is about none or several."""
    return document.values.get(_AMOUNT, "")


__all__ = ["paper_amount", "paper_digest", "paper_number"]
