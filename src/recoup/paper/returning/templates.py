"""DOCX templates of the documents of a return: written with every field as a placeholder, and filled.

A placeholder is `{{name}}`, in a row of a table `{{table.column}}`; such a row is repeated for each thing. An office changes a
template as it likes, as long as every field of the document still stands in it and no other. A value is put in once and
never read again, so a name that looks like a placeholder stays a name.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from recoup import limits
from recoup.errors import InputFault
from recoup.paper.returning.filling import BLANK, Filled
from recoup.paper.returning.layouts import (
    LAYOUTS,
    Fields,
    Heading,
    Kind,
    Signing,
    Table,
    Words,
)
from recoup.paper.returning.template_faults import PLACE, roots_of, tables_of, template_faults
from recoup.paper.returning.wording import LABELS, PHRASES, TITLES, said
from recoup.paper.words import LANGUAGES, Language
from recoup.reading import ADVICE
from recoup.records.problems import Problem

_NAMED: Final = re.compile(r"\{([a-z_0-9]+)\}")
_FONT: Final = "SimSun"
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that a ZIP file can say: the same template and values give the same bytes."""


def template_names() -> tuple[str, ...]:
    """Return the file name of every template.

    >>> "decision.zh.docx" in template_names()
    True
    """
    return tuple(_name(kind, language) for kind in Kind for language in LANGUAGES)


def template_docx(kind: Kind, language: Language) -> bytes:
    """Return a document with a placeholder for each of its fields."""
    made = docx.Document()
    _set_up(made)
    title = made.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run(said(TITLES, kind, language))
    run.bold, run.font.size = True, Pt(16)
    for block in LAYOUTS[kind]:
        match block:
            case Heading(phrase, is_new_page):
                if is_new_page:
                    made.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
                made.add_paragraph().add_run(said(PHRASES, phrase, language)).bold = True
            case Words(phrase):
                made.add_paragraph(_NAMED.sub(r"{{\1}}", said(PHRASES, phrase, language)))
            case Fields(names, is_tall):
                table = _table(made, len(names), 2)
                for row, name in zip(table.rows, names, strict=True):
                    row.cells[0].text = said(LABELS, name, language)
                    row.cells[1].text = f"{{{{{name}}}}}"
                    row.height = Mm(16) if is_tall else None
                made.add_paragraph()
            case Table(name, columns):
                table = _table(made, 2, len(columns))
                for at, column in enumerate(columns):
                    table.rows[0].cells[at].text = said(LABELS, column, language)
                    table.rows[1].cells[at].text = f"{{{{{name}.{column}}}}}"
                made.add_paragraph()
            case Signing(names):
                table = made.add_table(rows=1, cols=len(names))
                for cell, name in zip(table.rows[0].cells, names, strict=True):
                    cell.text = f"{said(LABELS, name, language)}\n\n＿＿＿＿＿＿＿＿"
                made.add_paragraph()
    return _saved(made)


def _set_up(made: Document) -> None:
    """Set page, font and what the file says of itself."""
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    font = made.styles["Normal"].font
    font.name, font.size = _FONT, Pt(10.5)
    font.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
    own = made.core_properties
    own.author, own.comments, own.title = "recoup", "", ""
    own.created = own.modified = datetime(2026, 1, 1, tzinfo=UTC)


def _table(made: Document, rows: int, columns: int) -> Any:  # noqa: ANN401 - python-docx's table
    table = made.add_table(rows=rows, cols=columns)
    table.style = "Table Grid"
    return table


class Templates:
    """The templates in use: an office's own where it has one, else ours."""

    def __init__(self, own: Mapping[str, bytes] | None = None) -> None:
        self._of = dict(own or {})

    @classmethod
    def of_folder(cls, folder: Path) -> Templates:
        """Return the templates with those of a folder in front.

        Raises:
            InputFault: the folder has none, has one of a name that no document has, or one that cannot be read or whose
                placeholders are not the document's.
        """
        names = template_names()
        try:
            found = sorted(
                path
                for path in folder.iterdir()
                # A word processor leaves `~$letter.zh.docx` beside a document that is open.
                if path.suffix.lower() == ".docx" and not path.name.startswith(("~", "."))
            )
            if not found:
                raise InputFault([_problem(folder, f"no template, such as {names[0]}")])
            large = [x for x in found if x.stat().st_size > limits.TEMPLATE_BYTES_MAX]
            odd = [x for x in found if x.name not in names]
            if wrong := [_problem(x, "too large") for x in large] + [
                _problem(x, f"no document of this name; there are {', '.join(names)}") for x in odd
            ]:
                raise InputFault(wrong)
            own = {path.name: path.read_bytes() for path in found}
        except OSError as error:
            raise InputFault([_problem(folder, error.strerror or "unreadable")]) from None
        problems = [
            _problem(folder / name, words)
            for name, data in own.items()
            for words in template_faults(name, data)
        ]
        if problems:
            raise InputFault(problems)
        return cls(own)

    def filled(self, document: Filled, made_on: date, *, author: str = "") -> bytes:
        """Return a document as DOCX; same template, document and date, same bytes."""
        name = _name(document.kind, document.language)
        if name not in self._of:
            self._of[name] = template_docx(document.kind, document.language)
        made = docx.Document(io.BytesIO(self._of[name]))
        for root in roots_of(made):
            _repeat_rows(root, document)
            for paragraph in root.iter(qn("w:p")):
                _put(paragraph, lambda place: document.values.get(place) or BLANK)
        own = made.core_properties
        own.title, own.author = said(TITLES, document.kind, document.language), author or "recoup"
        own.created = own.modified = datetime.combine(made_on, time(), UTC)
        return _saved(made)


def _name(kind: Kind, language: Language) -> str:
    return f"{kind.value}.{language}.docx"


def _problem(path: Path, found: str) -> Problem:
    return Problem(str(path), "", 0, "", "template_invalid", found, ADVICE["template_invalid"])


def _repeat_rows(root: Any, document: Filled) -> None:  # noqa: ANN401 - lxml has no types
    """Write each row with placeholders of a table once for each thing, or once with blanks."""
    for row in list(root.iter(qn("w:tr"))):
        names = tables_of(row)
        if not names:
            continue
        (name,) = names
        things: Iterable[Mapping[str, str]] = document.tables.get(name, ()) or [{}]
        for thing in things:
            made = copy.deepcopy(row)
            row.addprevious(made)
            for paragraph in made.iter(qn("w:p")):
                _put(paragraph, _of_row(name, thing, document))
        row.getparent().remove(row)


def _of_row(name: str, thing: Mapping[str, str], document: Filled) -> Callable[[str], str]:
    """Return what a placeholder in a row stands for: the thing's own, else the document's."""
    own = {f"{name}.{column}": value for column, value in thing.items()}
    return lambda place: own.get(place, document.values.get(place) or "")


def _put(paragraph: Any, value: Callable[[str], str]) -> None:  # noqa: ANN401
    """Put values in place of the placeholders of a paragraph; a word processor may have cut one over several runs."""
    parts = list(paragraph.iter(qn("w:t")))
    texts = [part.text or "" for part in parts]
    whole = "".join(texts)
    for match in reversed(list(PLACE.finditer(whole))):
        start, end = match.span()
        written = _clean(value(match[1].strip()))
        at = 0
        for number, text in enumerate(texts):
            first, last = max(start - at, 0), min(end - at, len(text))
            at += len(text)
            if first < last:
                texts[number] = text[:first] + written + text[last:]
                written = ""
        # What stands behind the match keeps its place: matches are taken from the last to the first.
    for part, text in zip(parts, texts, strict=True):
        if part.text != text:
            part.text = text
            part.set(qn("xml:space"), "preserve")


def _clean(value: str) -> str:
    """Return a value without the signs that XML cannot hold."""
    return "".join(x if x.isprintable() or x == "\u3000" else " " for x in value)


def _saved(made: Document) -> bytes:
    """Return a document as bytes that do not say when they were packed."""
    packed, plain = io.BytesIO(), io.BytesIO()
    made.save(packed)
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(plain, "w") as target:
        for item in source.infolist():
            entry = zipfile.ZipInfo(item.filename, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(item))
    return plain.getvalue()


__all__ = ["Templates", "template_docx", "template_names"]
