"""The report as PDF/A: what a court and an archive ask of the file, and what it says. How it looks is looked at."""

import json
import re
import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import polars as pl
import pypdf
import pytest
from unit.evidence_report.trails import SHOP, empty_trail, trail

from recoup.evidence.assumed import in_language
from recoup.evidence.report import pdf_bytes, write_pdf
from recoup.evidence.report.content import COMMAND_CHARS_MAX, command_lines
from recoup.evidence.report.phrases import sentences
from recoup.glyphs import printable

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30" width="90" height="30">'
    '<text x="5" y="20" font-family="Noto Sans CJK SC">图中文字</text></svg>'
)


@pytest.fixture(scope="module", params=["zh", "en"])
def report(request):
    return pypdf.PdfReader(
        BytesIO(pdf_bytes(trail(holds=True), language=request.param, picture_svg=SVG))
    )


def words(pdf):
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)


def test_it_claims_pdf_a_2b(report):
    metadata = report.trailer["/Root"]["/Metadata"].get_data().decode()
    assert re.search(r"pdfaid:part\W+2\b", metadata)
    assert re.search(r"pdfaid:conformance\W+B\b", metadata)


def test_every_font_is_embedded_and_only_in_part(report):
    fonts = {}
    for page in report.pages:
        fonts |= page["/Resources"].get("/Font", {})
    for font in fonts.values():
        below = font.get_object()["/DescendantFonts"][0].get_object()
        assert re.match(r"/[A-Z]{6}\+", below["/BaseFont"])
        assert any(f"/FontFile{n}" in below["/FontDescriptor"] for n in ("2", "3"))
    assert fonts


def test_pages_are_numbered_and_tables_lie_across(report):
    sizes = [(float(page.mediabox.width), float(page.mediabox.height)) for page in report.pages]
    assert sizes[0][0] < sizes[0][1]
    assert sizes[-1][0] > sizes[-1][1]
    last = report.pages[-1].extract_text()
    assert len(re.findall(rf"\b{len(report.pages)}\b", last)) >= 2


def test_it_says_everything_that_was_asked_for():
    said = words(
        pdf_bytes(trail(holds=True), case="虚构案", command="recoup trace x.csv --rule fifo")
    )
    for part in (
        "虚构案",
        "先进先出",
        "Clayton",
        "C1",
        "周甲",
        "100.05",
        "70.05",
        "20.00",
        "虚拟货币",
        "1.500000",
    ):
        assert part in said, part
    for part in (
        "S1:2; S2:9",
        "去向不明",
        "线索",
        "各规则的结果区间",
        "ab" * 16,
        "recoup trace x.csv",
        "polars",
    ):
        assert part in said, part


def test_account_numbers_are_found_by_searching():
    assert SHOP in words(pdf_bytes(trail()))


def test_english_says_the_same_in_english():
    said = words(pdf_bytes(trail(), language="en"))
    for part in (
        "First in, first out",
        "Clayton's Case",
        "Unknown",
        "Leads",
        "How to recompute",
        "Digest".lower(),
    ):
        assert part in said, part


def test_digests_of_the_result_files_bind_them_to_the_report():
    assert "ef" * 16 in words(pdf_bytes(trail(), results={"flows.csv": "ef" * 32}))


def test_times_are_those_of_the_zone():
    assert "2025-11-12 14:00:00" in words(pdf_bytes(trail(), timezone="Asia/Shanghai"))


def test_the_same_trail_gives_the_same_bytes_and_no_clock_is_read():
    first, second = (pdf_bytes(trail(), picture_svg=SVG) for _ in range(2))
    assert first == second
    made = pypdf.PdfReader(BytesIO(first)).metadata.creation_date
    assert made == datetime(2025, 11, 12, 7, tzinfo=UTC), "the as-of time of the trail"
    dated = pdf_bytes(trail(), made_at=datetime(2026, 1, 2, tzinfo=UTC))
    assert "2026-01-02" in words(dated)


def test_poison_is_marked_as_screening_and_shows_no_amounts():
    said = words(pdf_bytes(trail(), language="en", rule="poison"))
    assert "It is not evidence" in said
    assert "within reach" in said
    assert "does not say where the money is, nor how much" in said.replace("\n", " ")
    assert "lies in which account" not in said.replace("\n", " ")
    annex = said[said.index("Annex A") : said.index("Annex B")]
    assert not re.search(r"\b0\.00$", annex, re.MULTILINE), "no zeros where nothing was computed"


@pytest.mark.parametrize(
    "words_given",
    [
        ["recoup", "trace", "a b.csv", "--claims", "x" * 300, "--bridge", "--out", "结果 一"],
        ["recoup", "trace", "it's.csv", "--dust", "", "--out", "/a/very/long/place/" * 9],
    ],
)
def test_the_command_can_be_copied_from_the_document_and_run(words_given):
    said = words(pdf_bytes(trail(), command=shlex.join(words_given), language="en"))
    copied = said[said.index("recoup trace") : said.index("Versions:")]
    run = copied.replace("recoup trace", "printf '%s\\0' recoup trace", 1)
    told = subprocess.run(["sh", "-c", run], capture_output=True, check=True).stdout.decode()
    assert words_given == told.split("\0")[:-1]
    lines = command_lines(shlex.join(words_given))
    assert all(len(line) <= 2 * COMMAND_CHARS_MAX for line in lines)


def test_of_several_rules_the_first_that_is_evidence_is_told():
    whole = trail()
    turned = replace(whole, options=replace(whole.options, rules=("poison", "lifo", "fifo")))
    assert "后进先出：" in words(pdf_bytes(turned))


def test_a_large_trail_shows_the_heaviest_rows_and_says_what_is_left_out():
    whole = trail()
    first = whole.flows[:1]
    many = pl.concat(
        [first.with_columns(amount=pl.lit(amount, pl.Int64)) for amount in range(1, 1003)]
    )
    said = words(pdf_bytes(replace(whole, flows=many), language="en"))
    assert "10.02" in said
    assert "602 more rows, none above CNY 6.02, are left out; all are in flows.csv" in said.replace(
        "\n", " "
    )
    assert "400 of 1002 rows" in said.replace("\n", " ")


def test_nothing_traced_is_a_report_all_the_same():
    assert len(pypdf.PdfReader(BytesIO(pdf_bytes(empty_trail()))).pages) >= 2


@pytest.mark.parametrize(
    "name",
    [
        "😀 ไทย عربي",
        "#let x = 1 *bold* $a$ `c` \\ @ref",
        "a\x00b\u200d\u2028c",
        "长" * 400,
        "x" * 400,
    ],
)
def test_no_name_breaks_the_document(name):
    whole = trail()
    named = whole.accounts.with_columns(name=pl.lit(name), institution=pl.lit(name))
    claims = whole.summary.with_columns(victim=pl.lit(name))
    said = words(pdf_bytes(replace(whole, accounts=named, summary=claims), case=name))
    assert "资金流向追踪报告" in said
    if "#let" in name:
        assert "*bold*" in said.replace("\n", "")


def test_signs_without_a_glyph_are_written_as_their_number():
    assert printable("赵甲子😀") == "赵甲子[U+1F600]"
    assert printable("AaéЖ—𠮷한국어") == "AaéЖ—𠮷한국어"
    assert printable("张\u3000三\ta\u00a0b\u200dc\x00") == "张\u3000三 a bc"


def test_every_sentence_can_be_printed_in_both_languages():
    text = json.dumps(sentences(), ensure_ascii=False)
    assert printable(text) == text
    for key, pair in sentences().items():
        fields = [sorted(re.findall(r"{(\w+)}", words)) for words in pair]
        assert len(pair) == 2
        assert fields[0] == fields[1], key


def test_an_assumption_of_a_known_form_is_told_in_chinese_and_another_as_it_is():
    known = "Claim C1 disputes a transfer after the as-of time; its loss counts as zero."
    assert in_language(known, "zh") == "涉案款项 C1 的涉案转账晚于截至时间，其损失按零计。"
    assert in_language(known, "en") == known
    assert in_language("Something new.", "zh") == "Something new."


@pytest.mark.parametrize("wrong", [{"language": "fr"}, {"rule": "rolling"}])
def test_a_language_or_rule_that_is_not_there_is_refused(wrong):
    with pytest.raises(ValueError, match="expected one of"):
        pdf_bytes(trail(), **wrong)


def test_it_is_written_to_a_file(tmp_path):
    write_pdf(trail(), tmp_path / "evidence.pdf")
    assert (tmp_path / "evidence.pdf").read_bytes().startswith(b"%PDF")
