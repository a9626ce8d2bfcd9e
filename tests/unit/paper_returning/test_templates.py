"""Templates for editing: each has every field, an office's own wins, and one that is wrong is refused by its placeholder."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from random import Random

import docx
import pytest
from unit.paper_returning.returned import PARTICULARS, facts

from recoup import limits
from recoup.errors import InputFault
from recoup.paper.returning import (
    Filled,
    Kind,
    Templates,
    fields_of,
    filled_documents,
    template_docx,
    template_names,
)
from recoup.paper.returning.template_faults import template_faults

NAME = "letter.en.docx"


def letter() -> Filled:
    return next(x for x in filled_documents(facts()) if (x.kind, x.language) == (Kind.LETTER, "en"))


def saved(made: object) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def own(folder: Path, *paragraphs: str, without: str = "") -> Path:
    """A template of one's own in `folder`: every field but one, then paragraphs."""
    made = docx.Document()
    for field in fields_of(Kind.LETTER):
        if field != without:
            made.add_paragraph(f"{field} is {{{{{field}}}}}")
    for words in paragraphs:
        made.add_paragraph(words)
    (folder / NAME).write_bytes(saved(made))
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(InputFault, match="template_invalid") as found:
        Templates.of_folder(folder)
    return str(found.value)


def text_of(data: bytes) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs]


def test_every_shipped_template_is_one_that_an_office_may_use(tmp_path: Path) -> None:
    for name in template_names():
        kind, language, _ = name.split(".")
        (tmp_path / name).write_bytes(template_docx(Kind(kind), language))
    told = [
        text_of(templates.filled(letter(), PARTICULARS.made_on))
        for templates in (Templates.of_folder(tmp_path), Templates())
    ]
    assert told[0] == told[1]


def test_an_offices_own_template_is_used_before_ours(tmp_path: Path) -> None:
    templates = Templates.of_folder(own(tmp_path, "Dear {{ victim_name }}, {{amount}} is yours."))
    (tmp_path / "~$letter.en.docx").write_bytes(b"a word processor has the template open")
    Templates.of_folder(tmp_path)
    lines = text_of(templates.filled(letter(), PARTICULARS.made_on))
    assert lines[-1] == "Dear 被害人甲, 60000.05 CNY is yours."
    assert "Dear 被害人甲" not in "".join(
        text_of(Templates().filled(letter(), PARTICULARS.made_on))
    )


def test_a_placeholder_cut_over_several_runs_is_filled(tmp_path: Path) -> None:
    own(tmp_path)
    made = docx.Document(tmp_path / NAME)
    line = made.add_paragraph()
    for part in ("You get {", "{am", "ount", "}} and {{co", "de}}, ", "truly"):
        line.add_run(part)
    (tmp_path / NAME).write_bytes(saved(made))
    lines = text_of(Templates.of_folder(tmp_path).filled(letter(), PARTICULARS.made_on))
    assert lines[-1] == "You get 60000.05 CNY and 7F3K-92QM, truly"


def test_header_and_footer_are_filled(tmp_path: Path) -> None:
    own(tmp_path)
    made = docx.Document(tmp_path / NAME)
    made.sections[0].header.paragraphs[0].text = "case {{case_number}}"
    (tmp_path / NAME).write_bytes(saved(made))
    data = Templates.of_folder(tmp_path).filled(letter(), PARTICULARS.made_on)
    header = docx.Document(io.BytesIO(data)).sections[0].header
    assert header.paragraphs[0].text == "case A440300-2026-0017"


def test_headers_of_the_first_and_of_even_pages_are_filled_and_looked_at_too(
    tmp_path: Path,
) -> None:
    own(tmp_path)
    made = docx.Document(tmp_path / NAME)
    section = made.sections[0]
    section.different_first_page_header_footer = True
    for part in (section.first_page_header, section.even_page_footer):
        part.paragraphs[0].text = "case {{case_number}}"
    table = section.first_page_footer.add_table(1, 1, docx.shared.Mm(50))
    table.rows[0].cells[0].text = "{{victim_name}}"
    (tmp_path / NAME).write_bytes(saved(made))
    data = Templates.of_folder(tmp_path).filled(letter(), PARTICULARS.made_on)
    filled = docx.Document(io.BytesIO(data)).sections[0]
    assert filled.first_page_header.paragraphs[0].text == "case A440300-2026-0017"
    assert filled.even_page_footer.paragraphs[0].text == "case A440300-2026-0017"
    assert filled.first_page_footer.tables[0].rows[0].cells[0].text == "被害人甲"
    section.first_page_header.paragraphs[0].text = "case {{victim_nane}}"
    (tmp_path / NAME).write_bytes(saved(made))
    assert "unknown placeholder: {{victim_nane}}" in refusal(tmp_path)


def test_a_victims_field_is_in_no_template_of_the_public_notice(tmp_path: Path) -> None:
    made = docx.Document(io.BytesIO(template_docx(Kind.NOTICE, "zh")))
    made.sections[0].header.paragraphs[0].text = "{{victim_name}}"
    (tmp_path / "notice.zh.docx").write_bytes(saved(made))
    assert "unknown placeholder: {{victim_name}}" in refusal(tmp_path)


def repacked(data: bytes, changes: dict[str, bytes]) -> bytes:
    """A DOCX with parts changed, or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        parts = {name: old.read(name) for name in old.namelist()} | changes
        for name, content in parts.items():
            new.writestr(name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def part_of(name: str) -> bytes:
    return zipfile.ZipFile(io.BytesIO(template_docx(Kind.LETTER, "en"))).read(name)


RELS = "word/_rels/document.xml.rels"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def related(kind: str, target: str, mode: str = "") -> dict[str, bytes]:
    """The relations of a letter with one more."""
    row = f'<Relationship Id="rId99" Type="{kind}" Target="{target}"{mode}/></Relationships>'
    return {RELS: part_of(RELS).replace(b"</Relationships>", row.encode())}


EXTERNAL = ' TargetMode="External"'
MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
FIELD = '<w:p><w:r><w:instrText xml:space="preserve"> {} </w:instrText></w:r></w:p>'


def with_field(asked: str) -> dict[str, bytes]:
    document = part_of("word/document.xml")
    return {
        "word/document.xml": document.replace(b"<w:sectPr", FIELD.format(asked).encode() + b"<w:sectPr", 1)
    }  # fmt: skip


TYPES = part_of("[Content_Types].xml")
ORDINARY = b"openxmlformats-officedocument.wordprocessingml.document.main+xml"
BINARY = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (related(f"{OFFICE}/attachedTemplate", "http://a/x.dotm", EXTERNAL), "lies elsewhere"),
        (related(f"{OFFICE}/image", "http://a/x.png", EXTERNAL), "lies elsewhere: http://a/x.png"),
        (related(f"{OFFICE}/hyperlink", "http://a/", EXTERNAL), "a link: http://a/"),
        (with_field('HYPERLINK "http://a/"'), "a link"),
        (with_field('INCLUDEPICTURE "http://a/x.png"'), "lies elsewhere"),
        (with_field("DDEAUTO cmd x"), "lies elsewhere"),
        (
            related(MICROSOFT, "vbaProject.bin")
            | {"word/vbaProject.bin": b"x", "[Content_Types].xml": TYPES.replace(b"</Types>", BINARY)},
            "a macro",
        ),
        (
            {"[Content_Types].xml": TYPES.replace(ORDINARY, b"ms-word.document.macroEnabled.main+xml")},
            "no DOCX",
        ),
        ({"docProps/app.xml": b"<a>{{victim_name}}</a>"}, "a part that is not filled"),
        ({"word/media/x.bin": bytes(2**26)}, "too large: "),
        ({"word/document.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;"}, "no DOCX"),
    ],
)  # fmt: skip
def test_a_template_that_does_more_than_say_something_is_refused(
    tmp_path: Path, changes: dict[str, bytes], named: str
) -> None:
    (tmp_path / NAME).write_bytes(repacked(template_docx(Kind.LETTER, "en"), changes))
    assert named in refusal(tmp_path)
    (tmp_path / NAME).write_bytes(repacked(template_docx(Kind.LETTER, "en"), {}))
    Templates.of_folder(tmp_path)


def test_a_letter_of_ones_own_words_has_no_link(tmp_path: Path) -> None:
    assert "a link: " in refusal(own(tmp_path, "Look at www.police.example for more."))


def test_no_bytes_make_anything_but_a_refusal_of_a_template() -> None:
    good, chance = template_docx(Kind.LETTER, "en"), Random(1)
    refused = 0
    for _ in range(150):
        changed = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        refused += bool(list(template_faults(NAME, bytes(changed))))
        refused += bool(list(template_faults(NAME, good[: chance.randrange(len(good))])))
    assert refused > 150


def test_a_row_of_a_table_is_repeated_for_each_thing() -> None:
    report = next(x for x in filled_documents(facts()) if (x.kind, x.language) == (Kind.REPORT, "en"))  # fmt: skip
    data = Templates().filled(report, PARTICULARS.made_on)
    table = next(x for x in docx.Document(io.BytesIO(data)).tables if len(x.columns) > 2)
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert [row[0] for row in rows] == ["Claim", "c1", "c2"]
    assert rows[2][5] == "10.00 CNY"


def test_a_name_that_looks_like_a_placeholder_stays_a_name() -> None:
    given = letter()
    odd = Filled(given.kind, given.language, 1, "", {**given.values, "victim_name": "{{amount}}"})
    lines = text_of(Templates().filled(odd, PARTICULARS.made_on))
    assert "To {{amount}}," in lines


def test_signs_that_a_document_cannot_hold_are_left_out() -> None:
    given = letter()
    odd = Filled(given.kind, given.language, 1, "", {**given.values, "victim_name": "A\x00\x0bB"})
    assert "To A  B," in text_of(Templates().filled(odd, PARTICULARS.made_on))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("{{ victim_nane }}", "unknown placeholder: {{victim_nane}}"),
        ("{{}}", "unknown placeholder: {{}}"),
        ("{{amount", "not closed"),
        ("{{pots.award}}", "unknown placeholder: {{pots.award}}"),
    ],
)
def test_a_placeholder_that_is_no_field_is_named(tmp_path: Path, words: str, named: str) -> None:
    assert named in refusal(own(tmp_path, words))
    (tmp_path / "again").mkdir()
    Templates.of_folder(own(tmp_path / "again"))  # without it, the same template is taken


def test_a_field_that_the_template_lacks_is_named(tmp_path: Path) -> None:
    assert "missing placeholder: {{amount_words}}" in refusal(own(tmp_path, without="amount_words"))


def test_a_field_of_a_table_stands_in_a_table(tmp_path: Path) -> None:
    made = docx.Document()
    for field in fields_of(Kind.FLOWS):
        made.add_paragraph(f"{{{{{field}}}}}")
    (tmp_path / "flows.zh.docx").write_bytes(saved(made))
    assert "outside a table: {{flows.level}}" in refusal(tmp_path)


def test_a_row_is_of_one_table(tmp_path: Path) -> None:
    made = docx.Document(io.BytesIO(template_docx(Kind.NOTICE, "zh")))
    made.tables[1].rows[1].cells[0].paragraphs[0].add_run("{{shares.claim}}")
    (tmp_path / "notice.zh.docx").write_bytes(saved(made))
    assert "several tables: shared_pots, shares" in refusal(tmp_path)


def test_what_is_no_template_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no template" in refusal(tmp_path)
    (tmp_path / NAME).write_bytes(b"not a document")
    assert "no DOCX" in refusal(tmp_path)
    own(tmp_path)
    monkeypatch.setattr(limits, "TEMPLATE_BYTES_MAX", (tmp_path / NAME).stat().st_size)
    Templates.of_folder(tmp_path)
    monkeypatch.setattr(limits, "TEMPLATE_BYTES_MAX", (tmp_path / NAME).stat().st_size - 1)
    assert "too large" in refusal(tmp_path)
    (tmp_path / NAME).rename(tmp_path / "leter.en.docx")
    assert "no document of this name" in refusal(tmp_path)
    assert "template_invalid" in refusal(tmp_path / "nowhere")
