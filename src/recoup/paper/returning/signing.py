"""Signs the documents of a return: a PAdES signature of the user's own key in the PDF. Knows no document.

The signature is added behind the PDF, without a picture, so the file stays PDF/A and its pages as they were.
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from recoup.clock import Clock, SystemClock
from recoup.errors import InputFault
from recoup.paper.returning.particulars import SigningFiles
from recoup.reading import ADVICE
from recoup.records.problems import Problem

_FIELD = "Signature"


class Signer:
    """A key that signs, and whose it is."""

    def __init__(self, signer: Any, name: str) -> None:  # noqa: ANN401 - pyHanko has no types
        self._signer = signer
        self.name = name
        """The subject of the certificate, as people read it."""

    def signed(self, pdf: bytes) -> bytes:
        """Return a PDF with a signature over every byte of it."""
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import signers
        from pyhanko.sign.fields import SigSeedSubFilter

        meta = signers.PdfSignatureMetadata(
            field_name=_FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            name=self.name,
        )
        out = io.BytesIO()
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        signers.PdfSigner(meta, signer=self._signer).sign_pdf(writer, output=out)
        return out.getvalue()


def open_signer(files: SigningFiles, beside: Path, clock: Clock | None = None) -> Signer:
    """Return the signer of the key that `files` names, relative to the folder `beside`.

    Args:
        files: where key and certificate lie.
        beside: the folder that relative paths start from.
        clock: says whether the certificate is valid now; the machine's if not given, by which the signature is dated.

    Raises:
        InputFault: the key or its certificate is missing, cannot be read, they do not belong together, or nobody could rely
            on what is signed with it: the certificate is not valid now, or is not for signing.
    """
    place = beside / (files.pkcs12 or files.key or ".")
    is_pem = bool(files.key and files.certificate)
    if bool(files.pkcs12) == is_pem:
        raise _unusable(place, "expected either pkcs12, or key and certificate")
    try:
        phrase = None
        if files.passphrase_file:
            phrase = (beside / files.passphrase_file).read_bytes().rstrip(b"\r\n")
        data = place.read_bytes()
        if not is_pem:
            key, own, others = pkcs12.load_key_and_certificates(data, phrase)
        else:
            key = load_pem_private_key(data, phrase)
            own, *others = x509.load_pem_x509_certificates(
                (beside / files.certificate).read_bytes()
            )
    except OSError as error:
        raise _unusable(place, error.strerror or "unreadable") from None
    except (ValueError, TypeError) as error:
        # What a library says of a key may hold parts of it.
        raise _unusable(place, f"unreadable ({type(error).__name__})") from None
    if key is None or own is None:
        raise _unusable(place, "no key or no certificate in it")
    if key.public_key() != own.public_key():
        raise _unusable(place, "the certificate is of another key")
    if reason := _unreliable(own, (clock or SystemClock()).now()):
        raise _unusable(place, reason)
    return Signer(_signer_of(key, own, others), _subject(own))


def _unreliable(own: x509.Certificate, now: datetime) -> str:
    """Say why nobody could rely on a signature of today with this certificate; '' if that is not known of it."""
    begins, ends = own.not_valid_before_utc, own.not_valid_after_utc
    if not begins <= now <= ends:
        return f"the certificate is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}"
    try:
        usage = own.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    is_for_signing = usage.digital_signature or usage.content_commitment
    return "" if is_for_signing else "the certificate is not for signing"


def _signer_of(key: Any, own: x509.Certificate, others: list[x509.Certificate]) -> Any:  # noqa: ANN401
    """Return pyHanko's signer, through the one form that it loads without a file."""
    from cryptography.hazmat.primitives.serialization import NoEncryption
    from pyhanko.sign import signers

    packed = pkcs12.serialize_key_and_certificates(None, key, own, others or None, NoEncryption())
    found = signers.SimpleSigner.load_pkcs12_data(packed, other_certs=[])
    assert found is not None, "it was packed just now"
    return found


def _subject(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    if names:
        return str(names[0].value)
    return certificate.subject.rfc4514_string() or f"{certificate.serial_number:x}"


def _unusable(path: Path, found: str) -> InputFault:
    code = "signing_key_unusable"
    return InputFault([Problem(str(path), "", 0, "", "signing_key_unusable", found, ADVICE[code])])


__all__ = ["Signer", "open_signer"]
