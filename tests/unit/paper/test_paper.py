"""An order on paper says what the signed order says; what was altered, or is no order, is not believed."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta

import pypdf
import pytest
import segno
from banks import BANK, CENTRE, NAME, NUMBER, START, YEARS, order

from recoup.errors import LimitFault, MessageFault, MessageProblem
from recoup.messages import Asked, AskMessage, KeyRing, NoticeTerms, open_paper, seal
from recoup.orders import AccountKind, OrderKind
from recoup.orders.kinds import FITTING
from recoup.paper import QR_BYTES_MAX, order_pdf, qr_svg
from recoup.paper.words import KINDS, OUTCOMES, WORDS
from recoup.unrecognised import Unrecognised

RING = KeyRing([CENTRE.public])
NOTICE = NoticeTerms("反诈中心", ("紧急止付通知书",), "110")


def _sealed(message: object, key=CENTRE, now=START) -> bytes:
    return seal(message, key, audience=BANK.owner, jti="j", now=now)


def _text(data: bytes, language: str) -> str:
    pdf = order_pdf(open_paper(data, RING), data, language=language)
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 2
    return re.sub(r"[\s\u200b]+", "", "".join(page.extract_text() for page in pages))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", OrderKind)
def test_the_paper_says_what_the_order_says_and_offers_what_fits(kind, language):
    told = order(kind, notice=NOTICE, original="first-order", ends_at=START + timedelta(hours=48))
    seen, place = _text(_sealed(told), language), ["zh", "en"].index(language)
    for words in (told.id, told.case, NUMBER, NAME, told.reason, "反诈中心", "110", "first-order"):
        assert words.replace(" ", "") in seen
    assert ("600.00CNY" in seen) == (told.amount > 0)
    assert KINDS[kind][place].replace(" ", "") in seen
    offered = {
        found for found, words in OUTCOMES.items() if f"□{words[place]}".replace(" ", "") in seen
    }
    assert offered >= FITTING[kind]
    assert not (offered - FITTING[kind]) - {
        x for x in OUTCOMES if x.value == "held"
    }  # begins "held short"


def test_the_same_order_gives_the_same_bytes():
    data = _sealed(order(OrderKind.STOP))
    opened = open_paper(data, RING)
    assert order_pdf(opened, data) == order_pdf(opened, data)


def test_an_order_of_an_unknown_kind_and_of_signs_without_a_glyph_is_printed():
    odd = replace(order(OrderKind.STOP), kind=Unrecognised("confiscate"), reason="\U0001f600")
    assert "confiscate" in _text(_sealed(odd), "en")


def test_the_code_holds_the_signed_order_itself():
    data = _sealed(order(OrderKind.STOP))
    code = segno.make(data, error="m", micro=False, mode="byte")
    assert (code.error, code.mode) == ("M", "byte")
    drawn = qr_svg(data)
    assert f'height="{code.symbol_size()[1]}"' in drawn
    assert drawn != qr_svg(data[:-1] + b"~")


def test_an_order_too_long_for_a_code_is_refused():
    data = _sealed(order(OrderKind.STOP, reason="x" * 1_600))
    assert len(data) > QR_BYTES_MAX
    with pytest.raises(LimitFault):
        order_pdf(open_paper(data, RING), data)
    segno.make(b"x" * QR_BYTES_MAX, error="m", mode="byte", micro=False)


def test_paper_is_believed_long_after_it_was_signed_and_more_than_once():
    data = _sealed(order(OrderKind.STOP))
    assert open_paper(data, RING) == open_paper(data, RING)


def _problem(data: bytes, ring: KeyRing = RING) -> MessageProblem:
    with pytest.raises(MessageFault) as found:
        open_paper(data, ring)
    return found.value.problem


def test_altered_paper_is_not_believed():
    data, other = _sealed(order(OrderKind.STOP)), _sealed(order(OrderKind.STOP, 1))
    first, second = data.split(b"."), other.split(b".")
    assert _problem(b".".join([first[0], second[1], first[2]])) is MessageProblem.SIGNATURE_WRONG
    assert _problem(_sealed(AskMessage(BANK.owner, Asked.DIGEST))) is MessageProblem.TYPE_UNKNOWN
    assert _problem(data, KeyRing([])) is MessageProblem.ISSUER_UNKNOWN
    ended = KeyRing([replace(CENTRE.public, valid_until=START - YEARS / 2)])
    assert _problem(data, ended) is MessageProblem.KEY_NOT_VALID
    assert (
        _problem(_sealed(order(OrderKind.STOP, institution="other"))) is MessageProblem.SENDER_WRONG
    )
    assert _problem(b"x") is MessageProblem.MALFORMED


def test_every_phrase_has_both_languages():
    for words in (*WORDS.values(), *KINDS.values(), *OUTCOMES.values()):
        assert len(words) == 2
        assert all(words)


@pytest.mark.parametrize(
    ("language", "label"), [("zh", "此前不得告知账户所有人"), ("en", "Holderisnottoldbefore")]
)
def test_paper_says_from_when_the_holder_may_be_told_and_separates_documents_as_its_language_does(
    language, label
):
    papers = replace(NOTICE, documents=("甲文书", "乙文书"))
    told = order(OrderKind.FREEZE, notice=papers, tell_from=START + timedelta(days=1))
    seen = _text(_sealed(told), language)
    assert f"{label}2026-01-0618:00:00Asia/Shanghai" in seen
    assert ("甲文书、乙文书" in seen) is (language == "zh")
    assert label not in _text(_sealed(replace(told, tell_from=None)), language)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (AccountKind.WALLET, ("支付账户余额", "notspent")),
        (AccountKind.SETTLEMENT, ("商户待结算资金", "notsettled")),
        (AccountKind.CUSTODY, ("托管虚拟资产", "tokens")),
    ],
)
def test_paper_says_what_lies_there_where_it_is_no_bank_account(kind, words):
    for language, word in zip(("zh", "en"), words, strict=True):
        plain, told = (
            _text(_sealed(replace(order(OrderKind.STOP), account_kind=x)), language)
            for x in (AccountKind.ORDINARY, kind)
        )
        assert word in told
        assert word not in plain
