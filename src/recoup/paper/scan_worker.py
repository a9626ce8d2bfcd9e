"""A process of its own that looks at one scan: a damaged one may make a decoder abort or ask for any amount of memory.

It imports nothing of ours, so that it starts quickly, and may open no file but libraries. The scan comes on standard input, its
media type and bounds as arguments; the answer is a JSON line: how many pages there are and which codes stand on them, or a
problem's name.
"""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import zlib
from collections.abc import Iterator
from typing import Any, Final

MEMORY_BYTES_MAX: Final = 2**30
WORK_SECONDS_MAX: Final = 60
"""Of the processor. Whoever started this process ends it sooner; where that one died, nobody else would."""
_POINTS_PER_INCH: Final = 72
_INCH_POINTS: Final = (200, 350)
"""Points an inch at which a page is drawn; the second only where the first shows no code."""
_SIDE_MAX: Final = 5_000
_LOOKED_AT: Final = 12_000_000
"""Points of a photograph at which its code is looked for: far more than a code on a whole sheet needs."""


_STREAM: Final = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_STREAM_BEGIN: Final = re.compile(rb"(?<!end)stream\r?\n")
_OBJECT_BEGIN: Final = re.compile(rb"\d\s+obj\b")
_HEAD_BYTES: Final = 4_096
_OBJECTS_BYTES_MAX: Final = 2**22
_POINTS_BYTES_MAX: Final = 2**18
"""Of a stream that does not say that it is one of objects."""
_UNPACKED_BYTES_MAX: Final = 2**27
"""Of all streams together."""
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_LONG: Final = rb"JavaScript|Launch|EmbeddedFiles?|RichMedia|ImportData|SubmitForm"
_ACTIVE: Final = re.compile(rb"/(JS|XFA|" + _LONG + rb")\b")
_ACTIVE_ANYWHERE: Final = re.compile(rb"/(" + _LONG + rb")\b")
"""What does not stand in packed points by chance, so that it may be looked for in all bytes."""


class _Problem(Exception):
    """Ends the look."""


def main() -> None:
    """Look at the scan on standard input."""
    form, points_max, pages_max = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    _bound_itself()
    data = sys.stdin.buffer.read()
    try:
        if form == "application/pdf":
            pages, codes = _of_document(data, pages_max)
        else:
            pages, codes = 1, _of_picture(data, form.partition("/")[2].upper(), points_max)
        texts = [base64.b64encode(code).decode() for code in codes]
        answer: dict[str, Any] = {"pages": pages, "codes": texts}
    except _Problem as problem:
        answer = {"problem": str(problem)}
    except MemoryError:
        answer = {"problem": "scan_too_large"}
    print(json.dumps(answer))  # noqa: T201 - the answer


def _of_picture(data: bytes, form: str, points_max: int) -> list[bytes]:
    """Return the codes on a picture, decoded whole."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # bounded here, where it can be told
    try:
        picture = Image.open(io.BytesIO(data), formats=[form])
        grey = _grey(picture, points_max)
    except (_Problem, MemoryError):
        raise
    except Exception as error:  # a decoder raises nearly anything for bytes that somebody made up
        raise _Problem("scan_damaged") from error
    return list(_codes(grey))


def _grey(picture: Any, points_max: int) -> Any:  # noqa: ANN401 (untyped library)
    """Return a picture in grey, of bounded size; what is transparent is white, as on a screen."""
    from PIL import Image

    points = picture.width * picture.height
    if points > points_max:  # before anything is decoded
        raise _Problem("scan_too_large")
    if picture.format == "JPEG" and points > 4 * _LOOKED_AT:
        picture.draft("L", (picture.width // 2, picture.height // 2))
    picture.load()
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        picture = Image.new("RGBA", seen.size, "white")
        picture.alpha_composite(seen)
    grey = picture.convert("L")
    return grey.reduce(2) if grey.width * grey.height > 2 * _LOOKED_AT else grey


def _of_document(data: bytes, pages_max: int) -> tuple[int, list[bytes]]:
    """Return how many pages a PDF has, and the codes on them."""
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        is_locked = getattr(error, "err_code", None) in {
            raw.FPDF_ERR_PASSWORD,
            raw.FPDF_ERR_SECURITY,
        }
        raise _Problem("scan_locked" if is_locked else "scan_damaged") from error
    count = len(document)
    if not count:
        raise _Problem("scan_damaged")
    if count > pages_max:
        raise _Problem("scan_too_large")
    # Packed and locked without a password, a reader opens what cannot be looked through here.
    if raw.FPDF_GetSecurityHandlerRevision(document.raw) >= 0:
        raise _Problem("scan_locked")
    is_form = raw.FPDF_GetFormType(document.raw) in (
        raw.FORMTYPE_XFA_FULL,
        raw.FORMTYPE_XFA_FOREGROUND,
    )
    if is_form or _is_active(data) or document.count_attachments():
        raise _Problem("scan_active")
    for inch in _INCH_POINTS:
        codes = [code for at in range(count) for code in _codes(_drawn(document, at, inch))]
        if codes:
            return count, codes
    return count, []


def _is_active(data: bytes) -> bool:
    """Whether a PDF names what does something when it is opened, in its plain parts or in packed ones.

    Where a stream begins is not believed: a comment may say so, and hide from us what a reader sees.
    """
    if _ACTIVE.search(_spelled(_STREAM.sub(b" ", data))) or _ACTIVE_ANYWHERE.search(_spelled(data)):
        return True
    left = _UNPACKED_BYTES_MAX
    for begin in _STREAM_BEGIN.finditer(data):
        head = data[max(0, begin.start() - _HEAD_BYTES) : begin.start()]
        opened = [found.end() for found in _OBJECT_BEGIN.finditer(head)]
        is_objects = b"/ObjStm" in _spelled(head[opened[-1] :] if opened else head)
        packed = data[begin.end() : data.find(b"endstream", begin.end())]
        most = _OBJECTS_BYTES_MAX if is_objects else _POINTS_BYTES_MAX
        part, is_whole = _unpacked(packed, min(left, most) or 1)  # 0 would be no bound
        left -= min(left, len(part))
        if is_objects and not is_whole:  # a reader may see more of it
            raise _Problem("scan_damaged")
        if (_ACTIVE if is_objects else _ACTIVE_ANYWHERE).search(_spelled(part)):
            return True
    return False


def _spelled(part: bytes) -> bytes:
    """Return a part of a PDF with the signs of names that were written as numbers."""
    return _ESCAPED.sub(lambda sign: bytes([int(sign[1], 16)]), part)


def _unpacked(packed: bytes, most: int) -> tuple[bytes, bool]:
    """Return what a stream holds, so many bytes at most, and whether that is all of it."""
    unpacking = zlib.decompressobj()
    try:
        part = unpacking.decompress(packed, most)
    except zlib.error:
        return b"", False
    return part, unpacking.eof


def _drawn(document: Any, at: int, inch: int) -> Any:  # noqa: ANN401 (untyped library)
    """Return a page as a grey picture of bounded size."""
    try:
        page = document[at]
        side = max(page.get_size())
        if not 0 < side < 20_000:
            raise _Problem("scan_damaged")
        scale = min(inch / _POINTS_PER_INCH, _SIDE_MAX / side)
        return page.render(scale=scale, grayscale=True).to_pil().convert("L")
    except RuntimeError as error:  # PdfiumError is one
        raise _Problem("scan_damaged") from error


def _codes(grey: Any) -> Iterator[bytes]:  # noqa: ANN401 (untyped library)
    """Yield what the codes on a picture say."""
    import zxingcpp
    from PIL import Image, ImageFilter

    shape = zxingcpp.barcode_formats_from_str("QRCode")
    found = zxingcpp.read_barcodes(grey, formats=shape)
    if not found and grey.width * grey.height <= _LOOKED_AT:
        # Coarse or unsharp: a code of many modules is found once each of them has more points.
        larger = grey.resize((2 * grey.width, 2 * grey.height), Image.Resampling.BICUBIC)
        found = zxingcpp.read_barcodes(
            larger.filter(ImageFilter.UnsharpMask(4, 250, 0)), formats=shape
        )
    for code in found:
        yield bytes(code.bytes)


def _bound_itself() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such bound; there an abort ends this process only
        return
    bounds = {
        resource.RLIMIT_AS: MEMORY_BYTES_MAX,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CPU: WORK_SECONDS_MAX,
    }
    for what, bound in bounds.items():
        _, hard = resource.getrlimit(what)
        soft = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (soft, hard))


if __name__ == "__main__":
    main()
