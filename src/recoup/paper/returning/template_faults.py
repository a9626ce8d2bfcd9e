"""What is wrong with an office's own DOCX template, and where text stands in one. Writes nothing.

A template is refused where its placeholders are not the document's fields, where one stands in a part that is not filled, and
where the document would do more than say something: run a macro, fetch what lies elsewhere, or hand a victim a link.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any, Final

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn

from recoup import limits
from recoup.paper.returning.layouts import Kind, fields_of
from recoup.paper.returning.particulars import LINK
from recoup.reading.libraries import guarded

PLACE: Final = re.compile(r"\{\{(.*?)\}\}")
_MACRO: Final = re.compile(r"vbaproject|vbadata|activex|oleobject|/embeddings/", re.IGNORECASE)
"""Names of parts that hold programs or other documents."""
_FETCHES: Final = re.compile(
    r"^\s*(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|IMPORT|LINK|RD|DATABASE)\b", re.IGNORECASE
)
"""Fields of a word processor that fetch something when the document is opened."""
_TO_VICTIMS: Final = frozenset({Kind.LETTER, Kind.NOTICE})


def template_faults(name: str, data: bytes) -> Iterator[str]:
    """Yield what is wrong with a template of that file name, placeholder by placeholder; nothing for one that may be used."""
    unpacked = guarded(lambda: _unpacked(data))
    if isinstance(unpacked, str):
        yield f"no DOCX ({unpacked})"
        return
    if unpacked > limits.TEMPLATE_UNPACKED_BYTES_MAX:
        yield f"too large: {unpacked} bytes when unpacked"
        return
    kind = Kind(name.partition(".")[0])
    found = guarded(lambda: _all_of(docx.Document(io.BytesIO(data)), kind))
    if isinstance(found, str):
        yield f"no DOCX ({found})"
        return
    yield from found


def roots_of(made: Document) -> Iterator[Any]:
    """Yield the trees of a document in which text stands: body, then every header and footer, of first and even pages too."""
    yield made.element.body
    for rel in made.part.rels.values():
        if rel.reltype in {RELATIONSHIP_TYPE.HEADER, RELATIONSHIP_TYPE.FOOTER}:
            yield rel.target_part.element


def tables_of(row: Any) -> list[str]:  # noqa: ANN401 - lxml has no types
    """Return the tables whose placeholders stand in a row."""
    places = PLACE.findall("".join(_text(p) for p in row.iter(qn("w:p"))))
    return sorted({place.strip().partition(".")[0] for place in places if "." in place})


def _unpacked(data: bytes) -> int:
    """Return the bytes of all parts; a ZIP file gives no more of one than it says."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return sum(item.file_size for item in packed.infolist())


def _all_of(made: Document, kind: Kind) -> list[str]:
    return [*_of_parts(made, kind), *_of_places(made, kind)]


def _of_parts(made: Document, kind: Kind) -> Iterator[str]:
    """Yield the parts that do more than hold text, and those that hold a placeholder and are not filled."""
    filled = {id(root.getroottree().getroot()) for root in roots_of(made)}
    for part in made.part.package.iter_parts():
        if _MACRO.search(part.partname) or "macroEnabled" in part.content_type:
            yield f"a macro or another document within: {part.partname}"
        is_filled = id(getattr(part, "element", None)) in filled
        if not is_filled and b"{{" in part.blob:
            yield f"a placeholder in a part that is not filled: {part.partname}"
    for rel in made.part.package.iter_rels():
        if rel.is_external and rel.reltype != RELATIONSHIP_TYPE.HYPERLINK:
            yield f"something that lies elsewhere: {rel.target_ref}"
        elif rel.is_external and kind in _TO_VICTIMS:
            yield f"a link: {rel.target_ref}"


def _of_places(made: Document, kind: Kind) -> Iterator[str]:
    """Yield what is wrong with placeholders and words."""
    fields = fields_of(kind)
    found: dict[str, None] = {}
    for root in roots_of(made):
        for row in root.iter(qn("w:tr")):
            if len(names := tables_of(row)) > 1:
                yield f"one row with placeholders of several tables: {', '.join(names)}"
        for asked in _asked_of_processors(root):
            if _FETCHES.search(asked):
                yield f"something that lies elsewhere: {asked.strip()}"
            elif kind in _TO_VICTIMS and "HYPERLINK" in asked.upper():
                yield f"a link: {asked.strip()}"
        for paragraph in root.iter(qn("w:p")):
            text = _text(paragraph)
            words = PLACE.sub("", text)
            if "{{" in words:
                yield "a placeholder that is not closed: {{"
            if kind is Kind.LETTER and (link := LINK.search(words)):
                yield f"a link: {words[max(0, link.start() - 20) : link.end() + 20].strip()}"
            for place in (match.strip() for match in PLACE.findall(text)):
                found[place] = None
                if place not in fields:
                    yield f"an unknown placeholder: {{{{{place}}}}}"
                elif "." in place and next(paragraph.iterancestors(qn("w:tr")), None) is None:
                    yield f"a placeholder of a table outside a table: {{{{{place}}}}}"
    for place in fields:
        if place not in found:
            yield f"a missing placeholder: {{{{{place}}}}}"


def _asked_of_processors(root: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield what fields ask of a word processor."""
    for paragraph in root.iter(qn("w:p")):
        yield "".join(part.text or "" for part in paragraph.iter(qn("w:instrText")))
    for simple in root.iter(qn("w:fldSimple")):
        yield simple.get(qn("w:instr")) or ""


def _text(paragraph: Any) -> str:  # noqa: ANN401
    return "".join(part.text or "" for part in paragraph.iter(qn("w:t")))


__all__ = ["PLACE", "roots_of", "tables_of", "template_faults"]
