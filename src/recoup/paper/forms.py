"""Of which form an uploaded scan is, by its own bytes, and that it is that and nothing else. Decodes no picture.

A file that two programs read as two things (a picture with a document in it, an archive behind it) is refused: whoever looks
at it later must see what was seen when it was typed. So each form is walked from its first byte to its last.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

from recoup.errors import ScanFault, ScanProblem

PDF: Final = "application/pdf"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
MEDIA: Final = (PDF, PNG, JPEG)
"""What is taken."""

SUFFIX: Final = {PDF: "pdf", PNG: "png", JPEG: "jpg"}

_PNG_BEGIN: Final = b"\x89PNG\r\n\x1a\n"
_PDF_BEGIN: Final = b"%PDF-"
_BEGINNINGS: Final = {PDF: _PDF_BEGIN, PNG: _PNG_BEGIN, JPEG: b"\xff\xd8\xff"}
_PDF_SEEN_WITHIN: Final = 1_024
"""Bytes from the beginning in which programs look for a PDF."""
_PDF_END_WITHIN: Final = 1_024
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_WITHIN: Final = 22 + 65_535
_PAGE_OF_WEB: Final = re.compile(rb"<\s*(html|script|svg|iframe)\b", re.IGNORECASE)
_WEB_WITHIN: Final = 4_096
_JPEG_MARKER: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)
"""What ends a run of picture data: 00 and D0 to D7 belong to it."""
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA


def form_of(data: bytes, said: str) -> str:
    """Return the media type that `data` is of, walked whole; raise `ScanFault` for one that is not what `said` says."""
    found = next((form for form, begin in _BEGINNINGS.items() if data.startswith(begin)), None)
    if found is None:
        _refuse_disguised(data)
        raise ScanFault(ScanProblem.FORM_UNKNOWN, "expected a PDF, a PNG or a JPEG")
    if found != said:
        raise ScanFault(ScanProblem.FORM_DIFFERS, f"said {said}, is {found}")
    if found == PDF:
        _walk_pdf(data)
    else:
        (_walk_png if found == PNG else _walk_jpeg)(data)
        if _PDF_BEGIN in data[:_PDF_SEEN_WITHIN]:
            raise ScanFault(ScanProblem.NOT_ALONE, "a document begins within the picture")
    if _is_archive(data):
        raise ScanFault(ScanProblem.NOT_ALONE, "it is an archive as well")
    if found != PDF and _PAGE_OF_WEB.search(data[:_WEB_WITHIN]):
        raise ScanFault(ScanProblem.NOT_ALONE, "a web page begins within the picture")
    return found


def _refuse_disguised(data: bytes) -> None:
    """Say it of a document that only begins late: its readers would take it, and what stands before stays unseen."""
    if _PDF_BEGIN in data[:_PDF_SEEN_WITHIN]:
        raise ScanFault(ScanProblem.NOT_ALONE, "something stands before the document")


def _walk_png(data: bytes) -> None:
    """Check that whole chunks of right checksums follow each other, the last of them at the end of the file."""
    at, count = len(_PNG_BEGIN), 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 12 + length
        if len(data) < end:
            raise ScanFault(ScanProblem.DAMAGED, "the picture is cut short")
        kind = data[at + 4 : at + 8]
        if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise ScanFault(ScanProblem.DAMAGED, "a part of the picture was changed")
        if (count == 0) is not (kind == b"IHDR"):
            raise ScanFault(ScanProblem.DAMAGED, "expected one header, first of all")
        if kind == b"IEND":
            if end != len(data):
                raise ScanFault(ScanProblem.NOT_ALONE, "something stands behind the picture")
            return
        at, count = end, count + 1
    raise ScanFault(ScanProblem.DAMAGED, "the picture is cut short")


def _walk_jpeg(data: bytes) -> None:
    """Check that whole pictures follow each other to the end of the file: telephones put a preview or a light map behind."""
    at = _end_of_jpeg(data, 0)
    while at < len(data):
        if not data.startswith(_BEGINNINGS[JPEG], at):
            if not data[at:].strip(b"\x00"):
                return  # padding
            raise ScanFault(ScanProblem.NOT_ALONE, "something stands behind the picture")
        at = _end_of_jpeg(data, at)


def _end_of_jpeg(data: bytes, at: int) -> int:
    """Return where the picture that begins at `at` ends."""
    at += 2
    while True:
        marker = _JPEG_MARKER.match(data, at)
        if marker is None:
            raise ScanFault(ScanProblem.DAMAGED, "the picture is cut short or not whole")
        at, kind = marker.end(), data[marker.end() - 1]
        if kind == _EOI:
            return at
        length = int.from_bytes(data[at : at + 2], "big")
        at += length
        if kind == _SOI or length < 2 or at > len(data):
            raise ScanFault(ScanProblem.DAMAGED, "the picture is cut short or not whole")
        if kind == _SOS:
            following = _JPEG_MARKER.search(data, at)
            at = following.start() if following else len(data)


def _walk_pdf(data: bytes) -> None:
    """Check that the document ends with the file."""
    end = data.rfind(b"%%EOF")
    if end < 0 or len(data) - end > _PDF_END_WITHIN:
        raise ScanFault(ScanProblem.DAMAGED, "the document is cut short")
    if data[end + len(b"%%EOF") :].strip(b"\r\n\t \x00"):
        raise ScanFault(ScanProblem.NOT_ALONE, "something stands behind the document")


def _is_archive(data: bytes) -> bool:
    """Whether programs that read archives from their end would find one."""
    tail = data[-_ZIP_END_WITHIN:]
    at = tail.find(_ZIP_END)
    while at >= 0:
        comment = int.from_bytes(tail[at + 20 : at + 22], "little")
        if len(tail) - at >= 22 and at + 22 + comment == len(tail):
            return True
        at = tail.find(_ZIP_END, at + 1)
    return False


__all__ = ["JPEG", "MEDIA", "PDF", "PNG", "SUFFIX", "form_of"]
