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
_POINTS_PER_INCH: Final = 72
_INCH_POINTS: Final = (200, 350)
"""Points an inch at which a page is drawn; the second only where the first shows no code."""
_SIDE_MAX: Final = 5_000
_LOOKED_AT: Final = 12_000_000
"""Points of a photograph at which its code is looked for: far more than a code on a whole sheet needs."""


_STREAM: Final = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_HEAD_BYTES: Final = 512
_OBJECTS_BYTES_MAX: Final = 2**22
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIVE: Final = re.compile(
    rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|ImportData|SubmitForm)\b"
)


class _Problem(Exception):
    """Ends the look."""


def main() -> None:
    """Look at the scan on standard input."""
    form, points_max, pages_max = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    _bound_memory()
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
    except Exception as error:
        raise _Problem("scan_damaged") from error
    if picture.width * picture.height > points_max:
        raise _Problem("scan_too_large")
    try:
        grey = _grey(picture)
    except MemoryError:
        raise
    except Exception as error:
        raise _Problem("scan_damaged") from error
    return list(_codes(grey))


def _grey(picture: Any) -> Any:  # noqa: ANN401 (untyped library)
    """Return a picture in grey, of bounded size; what is transparent is white, as on a screen."""
    from PIL import Image

    points = picture.width * picture.height
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
    if _is_active(data) or document.count_attachments():
        raise _Problem("scan_active")
    for inch in _INCH_POINTS:
        codes = [code for at in range(count) for code in _codes(_drawn(document, at, inch))]
        if codes:
            return count, codes
    return count, []


def _is_active(data: bytes) -> bool:
    """Whether a PDF names what does something when it is opened, in its plain parts or in packed objects."""
    seen = [_STREAM.sub(b" ", data)]
    for found in _STREAM.finditer(data):
        if b"/ObjStm" in data[max(0, found.start() - _HEAD_BYTES) : found.start()]:
            try:
                seen.append(zlib.decompressobj().decompress(found[1], _OBJECTS_BYTES_MAX))
            except zlib.error:
                continue  # the reader does not see it either
    spelled = (_ESCAPED.sub(lambda sign: bytes([int(sign[1], 16)]), part) for part in seen)
    return any(_ACTIVE.search(part) for part in spelled)


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


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such bound; there an abort ends this process only
        return
    for what, bound in ((resource.RLIMIT_AS, MEMORY_BYTES_MAX), (resource.RLIMIT_FSIZE, 0)):
        _, hard = resource.getrlimit(what)
        soft = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (soft, hard))


if __name__ == "__main__":
    main()
