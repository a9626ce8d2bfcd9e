"""A small return with every mode and two kinds of pots, its particulars, and a key of the test's own."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta

import pypdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from recoup.money import ISO_DIGITS
from recoup.paper.returning import Flow, ReturnFacts
from recoup.paper.returning.particulars import (
    CaseParticulars,
    FrozenAccount,
    Notice,
    Objection,
    Officer,
    Party,
    ReturnParticulars,
    Worded,
)
from recoup.reading.return_policies import read_return_policy
from recoup.returns import Claim, Place, Pot, PotKind, Traced, plan_awards

AT = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
VICTIM = Party(
    name="被害人甲",
    sex="女",
    born_on=date(1960, 2, 3),
    id_kind="居民身份证",
    id_number="ID-440301196002030000",
    address="某市某区某路一号",
    phone="phone-13000000000",
    bank="某银行某支行",
    account="6222020200011122233",
    account_name="账户名甲",
    agent="代理人乙（委托书）",
    code="7F3K-92QM",
)
PARTICULARS = ReturnParticulars(
    made_on=date(2026, 7, 1),
    case=CaseParticulars(
        number="A440300-2026-0017",
        name="零一零五案",
        filing_unit="立案单位",
        filing_number="立字17号",
        freezing_unit="冻结机关",
        approving_unit="批准机关甲",
        approver="批准人丁",
        phone="0755-12345678",
        due_on=date(2026, 8, 7),
        decision_number="刑返字{n}号",
    ),
    officers=(Officer("办案人丙", "card-01"), Officer("办案人戊", "card-02")),
    parties={"P": VICTIM},
    accounts={"6217000010012345678": FrozenAccount("冻结行", "户名己")},
    notice=Notice(date(2026, 7, 2), date(2026, 8, 1), "公告地点"),
    objections=(
        Objection(
            "异议人庚",
            date(2026, 7, 3),
            "异议的理由",
            is_upheld=False,
            reasons="审查的理由",
            decided_on=date(2026, 7, 20),
            officers=(Officer("复核人辛", "card-03"),),
        ),
    ),
    check=Worded("任一派出所柜台", "the counter of any police station"),
)
FROZEN = Place("6217000010012345678", "CNY")
CASH = Place("seized", "CNY")


def facts(particulars: ReturnParticulars = PARTICULARS) -> ReturnFacts:
    """Two claims: one traced in an account, one paid pro rata of seized cash; nothing is known of the second's person."""
    shares = {rule: {"c1": 60_000_05} for rule in ("fifo", "lifo", "rolling")}
    plan = plan_awards(
        [Pot(FROZEN, 60_000_05), Pot(CASH, 10_00, kind=PotKind.CASH)],
        [
            Claim("c1", "P", "CNY", 60_000_05, paid_into=FROZEN.account),
            Claim("c2", "Q", "CNY", 40_00),
        ],
        {FROZEN: Traced(2, shares)},
        read_return_policy("cn-2016"),
    )
    flow = Flow(
        "c1", 1, AT, VICTIM.account, FROZEN.account, "CNY", 70_000_00, 60_000_05, "serial-9"
    )
    return ReturnFacts(plan, ISO_DIGITS, particulars, (flow,), "ab" * 32)


def text_of(pdf: bytes) -> str:
    """The words of a PDF without the breaks of its lines."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


def own_key(
    name: str = "冻结机关签章", *, is_for_signing: bool = True
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key and a certificate for it that it signs itself; valid around the clock of the machine that signs."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        "key_encipherment data_encipherment key_agreement key_cert_sign crl_sign encipher_only decipher_only".split(),
        False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.KeyUsage(
                digital_signature=is_for_signing,
                content_commitment=is_for_signing,
                **usage | {"key_encipherment": not is_for_signing},
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    return key, made


def packed(key: ec.EllipticCurvePrivateKey, own: x509.Certificate, phrase: bytes) -> bytes:
    """The two as PKCS#12."""
    return pkcs12.serialize_key_and_certificates(
        None, key, own, None, BestAvailableEncryption(phrase)
    )
