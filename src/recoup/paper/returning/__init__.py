"""The documents of a return [return-rules art. 6]: PDF/A, signed if a key is given, and DOCX of an office's own templates.

Everything that is personal comes in as an argument and goes out in the documents; nothing is kept and nothing is logged.
Documents are drafts until persons sign them: no document here decides anything.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from recoup.paper.returning.award_book import awards_workbook
from recoup.paper.returning.filling import (
    Filled,
    Flow,
    ReturnFacts,
    filled_documents,
    unmatched,
)
from recoup.paper.returning.layouts import Kind, fields_of
from recoup.paper.returning.marking import paper_amount, paper_digest, paper_number
from recoup.paper.returning.particulars import ReturnParticulars, read_particulars
from recoup.paper.returning.sheets import sheet_pdf
from recoup.paper.returning.signing import Signer, open_signer
from recoup.paper.returning.templates import Templates, template_docx, template_names

LIST: Final = "documents.csv"
BOOK: Final = "awards.xlsx"
_COLUMNS: Final = (
    *("file", "document", "language", "number", "claim", "signed", "sha256"),
    *("paper", "digest", "amount"),
)
_OURS: Final = re.compile(
    rf"(?:{'|'.join(Kind)})-\d{{4,}}\.(?:zh|en)\.(?:pdf|docx)|{re.escape(LIST)}|{re.escape(BOOK)}"
)


def return_documents(
    facts: ReturnFacts,
    *,
    templates: Templates | None = None,
    signer: Signer | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, bytes]:
    """Return every document of a return by file name, with `documents.csv` that lists them and their digests.

    Args:
        facts: plan, particulars and flows.
        templates: of the DOCX files; ours if not given.
        signer: signs the PDF files; without one they are unsigned and say so.
        progress: is told how many of how many are done.

    Raises:
        LimitFault: more documents than are made at once.
    """
    templates = templates or Templates()
    made: dict[str, bytes] = {}
    rows: list[tuple[str, ...]] = []
    documents = filled_documents(facts)
    given = facts.particulars
    author = given.case.freezing_unit or given.case.filing_unit
    for done, document in enumerate(documents):
        if progress is not None:
            progress(done, len(documents))
        name = paper_number(document)
        pdf = sheet_pdf(
            document, given.made_on, author=author, signer=signer.name if signer else ""
        )
        made[f"{name}.pdf"] = signer.signed(pdf) if signer else pdf
        made[f"{name}.docx"] = templates.filled(document, given.made_on, author=author)
        digest = paper_digest(document, given.made_on)
        rows += _listed(document, digest, made, is_signed=signer is not None)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(rows)
    made[LIST] = out.getvalue().encode()
    return made


def _listed(
    document: Filled, printed: str, made: dict[str, bytes], *, is_signed: bool
) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a document's two files. No name of a person stands in the list.

    By number, printed digest and sum a paper can be made known as genuine; the file to edit on bears no digest.
    """
    name = paper_number(document)
    about = (document.kind.value, document.language, str(document.number), document.about)
    for suffix in ("pdf", "docx"):
        digest = sha256(made[f"{name}.{suffix}"]).hexdigest()
        signed = "yes" if is_signed and suffix == "pdf" else "no"
        known = (name, printed, paper_amount(document)) if suffix == "pdf" else ("", "", "")
        yield f"{name}.{suffix}", *about, signed, digest, *known


def withdraw_documents(folder: Path) -> None:
    """Delete the documents of an earlier run: one of another plan beside newer awards would be taken for theirs."""
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if _OURS.fullmatch(path.name):
                path.unlink()


__all__ = [
    "BOOK",
    "LIST",
    "Filled",
    "Flow",
    "Kind",
    "ReturnFacts",
    "ReturnParticulars",
    "Signer",
    "Templates",
    "awards_workbook",
    "fields_of",
    "filled_documents",
    "open_signer",
    "read_particulars",
    "return_documents",
    "sheet_pdf",
    "template_docx",
    "template_names",
    "unmatched",
    "withdraw_documents",
]
