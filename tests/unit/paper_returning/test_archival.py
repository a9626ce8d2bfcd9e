"""Every kind of document is PDF/A-2b as far as it can be read off a file, signed or not; each thing it forbids is found."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pypdf
import pytest
from archival import faults
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject
from unit.paper_returning.returned import PARTICULARS, facts

from recoup.paper.returning import Kind, filled_documents, sheet_pdf
from recoup.paper.victim_letter import letter_pdf
from recoup.paper.victim_words import Stage

FILLED = {document.kind: document for document in filled_documents(facts())}
LETTER = letter_pdf(
    "zh", Stage.FROZEN, date(2026, 3, 9), case="C1", number="20260309-3-12345678", check="87654321"
)


@pytest.mark.parametrize("kind", Kind)
def test_a_document_of_a_return_has_nothing_that_pdf_a_forbids(kind: Kind) -> None:
    assert faults(sheet_pdf(FILLED[kind], PARTICULARS.made_on)) == []


def test_a_letter_to_a_victim_has_nothing_that_pdf_a_forbids() -> None:
    assert faults(LETTER) == []


def _script(writer: Any) -> None:
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x")}
    writer._root_object[NameObject("/OpenAction")] = DictionaryObject(action)


def _locked(writer: Any) -> None:
    writer.encrypt("x", algorithm="RC4-128")


def _no_intent(writer: Any) -> None:
    del writer._root_object["/OutputIntents"]


def _other_profile(writer: Any) -> None:
    intent = writer._root_object["/OutputIntents"][0].get_object()
    intent["/DestOutputProfile"].get_object()[NameObject("/N")] = NumberObject(4)


def _no_metadata(writer: Any) -> None:
    del writer._root_object["/Metadata"]


def _file_within(writer: Any) -> None:
    writer.add_attachment("x.txt", b"x")


def _font_outside(writer: Any) -> None:
    for found in writer._objects:
        if isinstance(found, DictionaryObject) and found.get("/Type") == "/FontDescriptor":
            for name in ("/FontFile", "/FontFile2", "/FontFile3"):
                found.pop(name, None)


def _link(writer: Any) -> None:
    note = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Text"),
            NameObject("/Rect"): ArrayObject([NumberObject(n) for n in (0, 0, 9, 9)]),
            NameObject("/Contents"): TextStringObject("x"),
        }
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_script, "an action"),
        (_locked, "encrypted"),
        (_no_intent, "no output intent with a profile"),
        (_other_profile, "the profile has another number of colours"),
        (_no_metadata, "no metadata"),
        (_file_within, "a file within"),
        (_font_outside, "not embedded"),
        (_link, "an annotation"),
    ],
)
def test_what_pdf_a_forbids_is_found(spoil: Callable[[Any], None], named: str) -> None:
    """The negative controls."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(LETTER))
    spoil(writer)
    out = io.BytesIO()
    writer.write(out)
    assert any(named in fault for fault in faults(out.getvalue())), faults(out.getvalue())
