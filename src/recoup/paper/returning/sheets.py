"""A document of a return as PDF/A-2b: its layout filled and set. What has no value is a line to write on."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any, Final

from recoup.paper.printing import printed
from recoup.paper.returning.filling import BLANK, Filled
from recoup.paper.returning.layouts import (
    LAYOUTS,
    Block,
    Fields,
    Heading,
    Signing,
    Table,
    Words,
)
from recoup.paper.returning.marking import paper_digest, paper_number
from recoup.paper.returning.wording import LABELS, PHRASES, TITLES, VALUES, said

_FIELD: Final = re.compile(r"\{([a-z_0-9]+)\}")
_SIGNS_OF_A_LINE: Final = 108
"""Digits on a line of a table, in its size; a column has its part of them, less its edges."""
_EDGES: Final = 2


def sheet_pdf(document: Filled, made_on: date, *, author: str = "", signer: str = "") -> bytes:
    """Return a document as PDF/A-2b; same document and date, same bytes.

    Args:
        document: what stands in it.
        made_on: the date it bears.
        author: the unit that makes it.
        signer: who will sign it electronically; without one the document says that nobody did.
    """
    language = document.language
    title = said(TITLES, document.kind, language)
    signed = "is_signed" if signer else "is_unsigned"
    footer = said(VALUES, "footer", language)
    content = {
        "title": title,
        "author": author or title,
        "lang": language,
        "blocks": [_block(block, document) for block in LAYOUTS[document.kind]],
        "signed": said(VALUES, signed, language).format(signer=signer),
        "mark": said(VALUES, "mark", language).format(number=paper_number(document)),
        "digest": paper_digest(document, made_on),
        "footer": footer.format(case=document.values.get("case_number") or BLANK, title=title),
    }
    return printed("returning.typ", content, datetime.combine(made_on, time(), UTC))


def sentence(phrase: str, document: Filled) -> str:
    """Return a phrase with the document's values in it, blanks where there are none."""
    values = document.values
    words = said(PHRASES, phrase, document.language)
    return _FIELD.sub(lambda found: values.get(found[1]) or BLANK, words)


def _block(block: Block, document: Filled) -> dict[str, Any]:
    language, values = document.language, document.values
    match block:
        case Heading(phrase, is_new_page):
            return {
                "kind": "heading",
                "words": said(PHRASES, phrase, language),
                "new_page": is_new_page,
            }
        case Words(phrase):
            return {"kind": "words", "words": sentence(phrase, document)}
        case Fields(names, is_tall):
            rows = [(said(LABELS, name, language), values.get(name, "")) for name in names]
            return {"kind": "fields", "rows": rows, "tall": is_tall}
        case Signing(names):
            return {"kind": "signing", "names": [said(LABELS, name, language) for name in names]}
        case Table(name, columns, widths):
            rows_of = document.tables.get(name, ()) or [dict.fromkeys(columns, "")]
            return {
                "kind": "table",
                "heads": [said(LABELS, column, language) for column in columns],
                "widths": list(widths),
                "signs": [max(8, _SIGNS_OF_A_LINE * x // sum(widths) - _EDGES) for x in widths],
                "rows": [[row.get(column, "") for column in columns] for row in rows_of],
            }


__all__ = ["sentence", "sheet_pdf"]
