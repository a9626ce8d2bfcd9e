"""Every document of a return has the fields of its form with their values, in both languages, on paper and for editing."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from hashlib import sha256

import docx
import pypdf
import pytest
from unit.paper_returning.returned import FROZEN, PARTICULARS, VICTIM, facts, text_of

from recoup import limits
from recoup.errors import LimitFault
from recoup.paper.returning import (
    Filled,
    Kind,
    Templates,
    fields_of,
    filled_documents,
    return_documents,
    sheet_pdf,
    unmatched,
)
from recoup.paper.returning.layouts import LAYOUTS, Fields, Heading, Signing, Table
from recoup.paper.returning.particulars import LINK, ReturnParticulars, Worded
from recoup.paper.returning.wording import LABELS, PHRASES, TITLES
from recoup.paper.words import LANGUAGES

FILLED = filled_documents(facts())
# What the forms of the rules list, by document: labels that must stand there, and values of the first claim.
FORMS = {
    Kind.APPLICATION: (
        "姓名 性别 证件 住址 联系方式 返还账号 申请人签名 立案（受理）单位 文书号 涉案账号 被骗（盗）金额"
        + " 办案人一签名 办案人二签名 办理意见 单位（盖章） 日期 冻结单位 冻结账号 冻结金额",
        "被害人甲 女 居民身份证 某市某区某路一号 phone-13000000000 6222020200011122233 立案单位 立字17号"
        + " 6217000010012345678 60000.05CNY 人民币陆万元零伍分 冻结机关 办案人丙card-01 办案人戊card-02",
    ),
    Kind.FLOWS: (
        "层级 交易时间 付款账号 收款账号 交易金额 其中被骗款 流水号",
        "2026-01-0518:00:00 Asia/Shanghai 70000.00CNY 60000.05CNY serial-9 先进先出",
    ),
    Kind.REPORT: (
        "领导批示 审核意见 返还账号 返还金额 法律依据 冻结单位 办案人一 办案人二",
        "第二百四十五条 银监发〔2016〕41号 60010.05CNY 人民币陆万零壹拾元零伍分 共2笔 冻结机关",
    ),
    Kind.DECISION: (
        "存根 文书编号 案件名称 案件编号 批准人 正本 出生日期 户名",
        "刑返字1号 被害人甲 女 1960-02-03 居民身份证ID-440301196002030000 某市某区某路一号 批准人丁"
        + " 冻结于冻结行账户6217000010012345678的资金 某银行某支行账户6222020200011122233",
    ),
    Kind.ASSIST: (
        "致：冻结行 回执 办理结果 实际返还金额 返还时间 交易流水号 银行（盖章） 需补正事项 办理期限",
        "2026-08-07 6217000010012345678 户名己 60000.05CNY 6222020200011122233 账户名甲 办案人丙card-01 办案人戊card-02",
    ),
    Kind.NOTICE: (
        "公告起始日 公告截止日 异议提交地点 冻结账户 待分配金额 比例",
        "2026-07-02 2026-08-01 公告地点 扣押现金 10.00CNY 25.00% 任一派出所柜台",
    ),
    Kind.OBJECTION: (
        "异议人 提出日期 异议理由 审查结论 审查理由 决定日期",
        "复核人辛card-03 异议人庚 2026-07-03 异议的理由 予以驳回 审查的理由 2026-07-20",
    ),
    Kind.LETTER: (
        "接下来 不收取任何费用 不会发送链接 核实",
        "被害人甲 60000.05CNY 人民币陆万元零伍分 尾号2233 7F3K-92QM A440300-2026-0017 任一派出所柜台",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return return_documents(facts())


def edited_text(data: bytes) -> str:
    root = docx.Document(io.BytesIO(data)).element.body
    return re.sub(r"\s+", "", "".join(root.itertext()))


@pytest.mark.parametrize("kind", Kind)
def test_the_fields_of_the_form_stand_on_paper(kind: Kind, made: dict[str, bytes]) -> None:
    seen = text_of(made[f"{kind}-0001.zh.pdf"])
    labels, values = FORMS[kind]
    assert [words for words in (*labels.split(), *values.split()) if words not in seen] == []


@pytest.mark.parametrize("document", FILLED, ids=lambda x: f"{x.kind}-{x.number}-{x.language}")
def test_every_value_and_label_stands_in_both_files(
    document: Filled, made: dict[str, bytes]
) -> None:
    name = f"{document.kind}-{document.number:04d}.{document.language}"
    place = LANGUAGES.index(document.language)
    values = [
        value
        for field in fields_of(document.kind)
        for value in (
            [document.values.get(field, "")]
            if "." not in field
            else [row[field.partition(".")[2]] for row in document.tables[field.partition(".")[0]]]
        )
    ]
    words = [TITLES[document.kind][place]]
    for block in LAYOUTS[document.kind]:
        match block:
            case Heading(phrase):
                words.append(PHRASES[phrase][place])
            case Fields(names) | Signing(names) | Table(columns=names):
                words += [LABELS[name][place] for name in names]
    expected = [re.sub(r"\s+", "", x) for x in (*values, *words) if x]
    for seen in (text_of(made[f"{name}.pdf"]), edited_text(made[f"{name}.docx"])):
        assert [x for x in expected if x not in seen] == []


def test_what_is_not_known_is_a_line_to_fill_in(made: dict[str, bytes]) -> None:
    seen = text_of(made["decision-0002.zh.pdf"])  # nobody told who the second claim's victim is
    assert "按比例应返还被害人＿＿＿＿＿＿（性别：＿＿＿＿＿＿" in seen
    nothing = ReturnParticulars(PARTICULARS.made_on, languages=("zh",))
    bare = replace(facts(), particulars=nothing)
    for document in filled_documents(bare):
        pdf = sheet_pdf(document, PARTICULARS.made_on)
        assert TITLES[document.kind][0] in text_of(pdf)


def test_the_public_notice_names_no_person_and_no_account(made: dict[str, bytes]) -> None:
    own = [VICTIM.name, VICTIM.id_number, VICTIM.address, VICTIM.phone, VICTIM.account]
    people = [*own, VICTIM.account_name, VICTIM.agent, VICTIM.code, FROZEN.account, "异议人庚"]
    for language in LANGUAGES:
        name = f"notice-0001.{language}"
        for seen in (text_of(made[f"{name}.pdf"]), edited_text(made[f"{name}.docx"])):
            assert not [x for x in people if x in seen]
    assert VICTIM.name in text_of(made["decision-0001.zh.pdf"])  # the search does find people


def test_an_objection_is_decided_by_others_than_those_who_handle_the_return(
    made: dict[str, bytes],
) -> None:
    assert "办案人丙" not in text_of(made["objection-0001.zh.pdf"])
    assert "办案人丙" in text_of(made["decision-0001.zh.pdf"]), "the search does find them"


def test_seized_cash_is_asked_of_no_bank(made: dict[str, bytes]) -> None:
    assert "decision-0002.zh.pdf" in made
    assert "扣押在案的现金（seized）" in text_of(made["decision-0002.zh.pdf"])
    assert not [name for name in made if name.startswith("assist-0002")]


def test_a_return_without_a_pro_rata_part_has_no_public_notice() -> None:
    given = facts()
    awards = tuple(award for award in given.plan.awards if award.mode != 3)
    plan = replace(given.plan, awards=awards)
    kinds = {document.kind for document in filled_documents(replace(given, plan=plan))}
    assert Kind.NOTICE not in kinds
    assert Kind.DECISION in kinds


def test_the_files_are_pdf_a_and_say_that_nobody_signed(made: dict[str, bytes]) -> None:
    for name, data in made.items():
        if name.endswith(".pdf"):
            metadata = pypdf.PdfReader(io.BytesIO(data)).xmp_metadata
            assert metadata is not None
            packet = metadata.stream.get_data().decode()
            assert re.search(r"pdfaid:part\W+2\b", packet)
            assert re.search(r"pdfaid:conformance\W+B\b", packet)
    assert "未经电子签名" in text_of(made["decision-0001.zh.pdf"])
    assert "Notsignedelectronically" in text_of(made["decision-0001.en.pdf"])


def test_the_list_has_the_digest_of_every_file_and_no_person(made: dict[str, bytes]) -> None:
    text = made["documents.csv"].decode()
    rows = {row["file"]: row for row in csv.DictReader(io.StringIO(text))}
    assert set(rows) == set(made) - {"documents.csv"}
    assert all(row["sha256"] == sha256(made[name]).hexdigest() for name, row in rows.items())
    assert {row["signed"] for row in rows.values()} == {"no"}
    assert VICTIM.name not in text


def test_the_same_return_gives_the_same_bytes(made: dict[str, bytes]) -> None:
    document = FILLED[0]
    name = f"{document.kind}-0001.{document.language}"
    author = PARTICULARS.case.freezing_unit
    assert made[f"{name}.pdf"] == sheet_pdf(document, PARTICULARS.made_on, author=author)
    again = Templates().filled(document, PARTICULARS.made_on, author=author)
    assert made[f"{name}.docx"] == again


def test_more_documents_than_are_made_at_once_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "RETURN_DOCUMENTS_MAX", len(FILLED))
    assert len(filled_documents(facts())) == len(FILLED)
    monkeypatch.setattr(limits, "RETURN_DOCUMENTS_MAX", len(FILLED) - 1)
    with pytest.raises(LimitFault, match="RETURN_DOCUMENTS_MAX"):
        filled_documents(facts())


def test_documents_of_some_claims_bear_the_numbers_they_have_among_all() -> None:
    some = facts(replace(PARTICULARS, claims=("c2",), languages=("zh",)))
    numbers = {(x.kind, x.number, x.about) for x in filled_documents(some) if x.about}
    assert numbers == {(kind, 2, "c2") for kind in (Kind.APPLICATION, Kind.DECISION, Kind.LETTER)}
    (report,) = (x for x in filled_documents(some) if x.kind is Kind.REPORT)
    assert report.values["payment_count"] == "2"  # what concerns the case stays whole


def test_particulars_of_another_case_are_named() -> None:
    assert unmatched(PARTICULARS, facts().plan) == []
    odd = replace(
        PARTICULARS,
        parties={"V9": VICTIM},
        accounts={"6217": PARTICULARS.accounts[FROZEN.account]},
        claims=("c9",),
    )
    assert unmatched(odd, facts().plan) == ["parties.V9", "accounts.6217", "claims: c9"]


def test_a_long_table_of_flows_is_cut_with_a_word_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETURN_FLOWS_MAX", 2)
    given = facts()
    (flow,) = given.flows
    for count, words in ((2, "All 2 rows."), (3, "2 rows are shown, 1 more are not.")):
        many = replace(given, flows=(flow,) * count)
        (table,) = (x for x in filled_documents(many) if (x.kind, x.language) == (Kind.FLOWS, "en"))
        assert len(table.tables["flows"]) == 2
        assert table.values["flows_note"] == words


@pytest.mark.parametrize("link", ["https://a", "www.example", "return.example.gov", "Police.CN/x"])
def test_a_link_is_known_wherever_a_victim_would_read_it(link: str) -> None:
    assert LINK.search(f"见 {link}")
    assert not LINK.search("0755-1234 5678, counter 3. Bring A-17.")


def test_a_word_in_one_language_serves_both() -> None:
    assert Worded(zh="柜台").said("en") == "柜台"
    assert Worded(en="counter").said("zh") == "counter"


def test_what_is_shared_pro_rata_is_nowhere_said_to_be_the_victims_own(
    made: dict[str, bytes],
) -> None:
    traced, shared = (text_of(made[f"decision-000{n}.zh.pdf"]) for n in (1, 2))
    assert "属于被害人" in traced
    assert "由多名被害人的款项混合而成" not in traced
    assert "由多名被害人的款项混合而成，其中按比例应返还被害人" in shared
    report = text_of(made["report-0001.en.pdf"])
    assert "ofpartofthefrozenmoneyitisclearwhoseitis;therestisthatofseveralvictims" in report


def test_the_number_of_an_account_is_not_broken_in_a_table(made: dict[str, bytes]) -> None:
    for name in ("flows", "report", "application"):
        pages = pypdf.PdfReader(io.BytesIO(made[f"{name}-0001.zh.pdf"])).pages
        lines = [line for page in pages for line in page.extract_text().splitlines()]
        assert any("6217000010012345678" in line for line in lines), name
