"""Which signs the font of documents has. PDF/A forbids a sign without a glyph; names come with emoji and rare letters.

Reads the character map of an OpenType collection (tables `ttcf`, `cmap` format 12), as the OpenType specification lays it out.
"""

from __future__ import annotations

import bisect
import struct
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

FONT: Final = "Noto Sans CJK SC"
_FILE: Final = "NotoSansCJK-VF.otf.ttc"
_SIMPLIFIED: Final = 2
"""Place of the font for simplified Chinese in the collection: JP, KR, SC, TC, HK."""


def printable(text: str) -> str:
    """Return `text` with plain spaces and no control signs, every sign that the font lacks written as its code point.

    >>> printable("姓名" + chr(0) + chr(0x1F600))
    '姓名[U+1F600]'
    """
    text = "".join(_plain(sign) for sign in text)
    lacking = {ord(sign) for sign in set(text) if ord(sign) > 0x7E and not _has(ord(sign))}
    return text.translate({code: f"[U+{code:04X}]" for code in sorted(lacking)})


def _plain(sign: str) -> str:
    if sign.isprintable() or sign in "\n\u3000":  # names are spaced with U+3000
        return sign
    return " " if sign.isspace() else ""


def all_printable(content: Any) -> Any:  # noqa: ANN401 - JSON values of any shape
    """Return JSON values with every text in them made printable."""
    if isinstance(content, str):
        return printable(content)
    if isinstance(content, Mapping):
        return {key: all_printable(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [all_printable(value) for value in content]
    return content


def _has(code: int) -> bool:
    starts, ends = _ranges()
    place = bisect.bisect_right(starts, code) - 1
    return place >= 0 and code <= ends[place]


@cache
def _ranges() -> tuple[list[int], list[int]]:
    """First and last code points of the ranges that the font maps to glyphs, ascending."""
    font = resources.files("manimgx_fonts_cjk").joinpath(_FILE).read_bytes()
    (start,) = struct.unpack_from(">I", font, 12 + 4 * _SIMPLIFIED)
    (count,) = struct.unpack_from(">H", font, start + 4)
    records = (struct.unpack_from(">4sIII", font, start + 12 + 16 * i) for i in range(count))
    cmap = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    maps = (struct.unpack_from(">HHI", font, cmap + 4 + 8 * i) for i in range(count))
    full = next(
        cmap + offset for platform, encoding, offset in maps if (platform, encoding) == (3, 10)
    )
    form, _, _, _, groups = struct.unpack_from(">HHIII", font, full)
    assert form == 12
    found = [struct.unpack_from(">III", font, full + 16 + 12 * i) for i in range(groups)]
    return [first for first, _, _ in found], [last for _, last, _ in found]
