"""A signed document proves who signed it and that no byte was changed; without a usable key nothing is signed."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from archival import faults
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from unit.paper_returning.returned import PARTICULARS, facts, own_key, packed, text_of

from recoup.clock import HandClock
from recoup.errors import InputFault
from recoup.paper.returning import Kind, filled_documents, open_signer, sheet_pdf
from recoup.paper.returning.particulars import SigningFiles


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    folder = tmp_path_factory.mktemp("key")
    key, own = own_key()
    (folder / "own.pem").write_bytes(own.public_bytes(Encoding.PEM))
    (folder / "key.p12").write_bytes(packed(key, own, b"a pass"))
    (folder / "pass").write_text("a pass\n")
    signer = open_signer(SigningFiles("key.p12", "", "", "pass"), folder)
    (document, *_) = (x for x in filled_documents(facts()) if x.kind is Kind.DECISION)
    return signer.signed(sheet_pdf(document, PARTICULARS.made_on, signer=signer.name)), folder


def status_of(pdf: bytes, trusted: Path) -> Any:
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    root = load_cert_from_pemder(str(trusted))
    return validate_pdf_signature(signature, ValidationContext(trust_roots=[root]))


def test_a_signature_verifies_and_covers_the_whole_file(signed: tuple[bytes, Path]) -> None:
    pdf, folder = signed
    status = status_of(pdf, folder / "own.pem")
    assert status.bottom_line, status.pretty_print_details()
    assert status.coverage.name == "ENTIRE_FILE"
    assert "由冻结机关签章电子签名" in text_of(pdf)
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"


def test_an_altered_byte_breaks_it(signed: tuple[bytes, Path]) -> None:
    pdf, folder = signed
    at = pdf.index(b"stream\n") + 40
    altered = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
    status = status_of(altered, folder / "own.pem")
    assert not status.intact
    assert not status.bottom_line


def test_a_page_of_another_document_behind_the_signature_breaks_it(
    signed: tuple[bytes, Path],
) -> None:
    """An update that leaves every signed byte as it was, and shows another page: what a forger of sums would do."""
    pdf, folder = signed
    other = next(x for x in filled_documents(facts()) if x.kind is Kind.LETTER)
    page = pypdf.PdfReader(io.BytesIO(sheet_pdf(other, PARTICULARS.made_on))).pages[0]
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    target = writer.root["/Pages"]["/Kids"].raw_get(0).get_object()
    stream = StreamObject(stream_data=page.get_contents().get_data())
    target["/Contents"] = writer.add_object(stream)
    writer.update_container(target)
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(pdf)
    status = status_of(out.getvalue(), folder / "own.pem")
    assert status.intact, "the signed bytes are still there"
    assert status.coverage.name != "ENTIRE_FILE"
    assert status.modification_level.name == "OTHER"
    assert not status.bottom_line


@pytest.mark.parametrize("more", [b"\n", b" " * 500])
def test_bytes_behind_the_signature_are_seen(signed: tuple[bytes, Path], more: bytes) -> None:
    pdf, _ = signed
    (signature,) = PdfFileReader(io.BytesIO(pdf + more)).embedded_signatures
    signature.compute_integrity_info()
    assert signature.coverage.name != "ENTIRE_FILE"


def test_every_byte_but_the_signatures_own_is_signed(signed: tuple[bytes, Path]) -> None:
    pdf, _ = signed
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    first, until, then, rest = (int(x) for x in signature.sig_object["/ByteRange"])
    assert (first, then + rest) == (0, len(pdf))
    gap = pdf[until:then]
    assert re.fullmatch(rb"<[0-9a-fA-F]+>", gap), "nothing but the signature is left out"


def test_a_document_says_when_it_was_signed_and_by_which_certificate(
    signed: tuple[bytes, Path],
) -> None:
    pdf, folder = signed
    status = status_of(pdf, folder / "own.pem")
    assert abs((status.signer_reported_dt - datetime.now(UTC)).total_seconds()) < 3600
    assert "冻结机关签章" in status.signing_cert.subject.native["common_name"]


@pytest.mark.parametrize(
    ("days", "is_for_signing", "named"),
    [(-2, True, "valid from"), (2, True, "valid from"), (0, False, "not for signing")],
)
def test_a_certificate_on_which_nobody_could_rely_signs_nothing(
    tmp_path: Path, days: int, is_for_signing: bool, named: str
) -> None:
    key, own = own_key(is_for_signing=is_for_signing)
    (tmp_path / "key.p12").write_bytes(packed(key, own, b"a pass"))
    (tmp_path / "pass").write_text("a pass")
    clock = HandClock(datetime.now(UTC) + timedelta(days=days))
    with pytest.raises(InputFault, match=named):
        open_signer(SigningFiles("key.p12", "", "", "pass"), tmp_path, clock)


def test_the_signature_of_somebody_else_is_not_trusted(
    signed: tuple[bytes, Path], tmp_path: Path
) -> None:
    _, other = own_key("somebody else")
    (tmp_path / "other.pem").write_bytes(other.public_bytes(Encoding.PEM))
    status = status_of(signed[0], tmp_path / "other.pem")
    assert status.intact
    assert not status.bottom_line


def test_a_signed_file_is_still_pdf_a(signed: tuple[bytes, Path]) -> None:
    assert faults(signed[0]) == []
    reader = pypdf.PdfReader(io.BytesIO(signed[0]))
    metadata = reader.xmp_metadata
    assert metadata is not None
    packet = metadata.stream.get_data().decode()
    assert re.search(r"pdfaid:part\W+2\b", packet)
    assert re.search(r"pdfaid:conformance\W+B\b", packet)
    (field,) = reader.get_fields().values()
    assert field["/FT"] == "/Sig"
    annotation = reader.pages[0]["/Annots"][0].get_object()
    # PDF/A wants a picture for every annotation but one without an area, and each marked as printed.
    assert [int(x) for x in annotation["/Rect"]] == [0, 0, 0, 0]
    assert annotation["/F"] & 4
    modified = re.search(r"xmp:ModifyDate[>=\"]+([0-9T:-]{19})", packet)
    assert modified is not None
    said = str(reader.metadata["/ModDate"])
    assert re.sub(r"\D", "", modified[1]) == re.sub(r"\D", "", said)[:14]


def pem(folder: Path, phrase: bytes | None) -> SigningFiles:
    key, own = own_key()
    hidden = BestAvailableEncryption(phrase) if phrase else NoEncryption()
    words = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden)
    (folder / "key.pem").write_bytes(words)
    (folder / "own.pem").write_bytes(own.public_bytes(Encoding.PEM))
    if phrase:
        (folder / "pass").write_bytes(phrase)
    return SigningFiles(
        key="key.pem", certificate="own.pem", passphrase_file="pass" if phrase else ""
    )


@pytest.mark.parametrize("phrase", [None, b"secret"])
def test_a_key_may_be_pem(tmp_path: Path, phrase: bytes | None) -> None:
    signer = open_signer(pem(tmp_path, phrase), tmp_path)
    (document, *_) = filled_documents(facts())
    pdf = signer.signed(sheet_pdf(document, PARTICULARS.made_on, signer=signer.name))
    assert status_of(pdf, tmp_path / "own.pem").bottom_line


def test_a_key_that_cannot_be_used_is_named_and_its_secrets_are_not(tmp_path: Path) -> None:
    good = pem(tmp_path, b"secret")
    key, own = own_key()
    (tmp_path / "key.p12").write_bytes(packed(key, own, b"secret"))
    (tmp_path / "wrong").write_text("not-the-words")
    (tmp_path / "else.pem").write_bytes(own.public_bytes(Encoding.PEM))
    for files in (
        SigningFiles(),
        SigningFiles(pkcs12="key.p12", key="key.pem", certificate="own.pem"),
        SigningFiles(pkcs12="missing.p12"),
        SigningFiles(pkcs12="key.p12"),
        SigningFiles("key.p12", "", "", "wrong"),
        SigningFiles(pkcs12="own.pem"),
        SigningFiles("", "key.pem", "own.pem", "wrong"),
        SigningFiles("", "key.pem", "else.pem", "pass"),
        SigningFiles("", "key.pem", "key.pem", "pass"),
    ):
        with pytest.raises(InputFault, match="signing_key_unusable") as found:
            open_signer(files, tmp_path)
        assert "not-the-words" not in str(found.value)
        assert "secret" not in str(found.value)
    assert open_signer(good, tmp_path).name == "冻结机关签章"
