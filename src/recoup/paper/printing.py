"""How a sheet becomes a PDF: words and a template in, PDF/A-2b out. Same words and time, same bytes: no clock is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst

from recoup.clock import instant_text
from recoup.glyphs import FONT, all_printable


def printed(template: str, content: Mapping[str, Any], at: datetime, **pictures: str) -> bytes:
    """Return a sheet as PDF/A-2b.

    Args:
        template: a file of `assets`, which stands behind `common.typ`.
        content: what the template shows; signs that the font lacks are written as their code points.
        at: when the document was made, as it says of itself.
        pictures: SVG by name, beside the words.
    """
    folder = resources.files("recoup.paper").joinpath("assets")
    source = b"\n".join(folder.joinpath(x).read_bytes() for x in ("common.typ", template))
    data = {**all_printable({**content, "font": FONT}), **pictures}
    made = typst.compile(
        source,
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data)},
        pdf_standards="a-2b",
        timestamp=int(at.timestamp()),
    )
    assert isinstance(made, bytes), "one document was asked for"
    return made


def shown_time(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant as people read it: in the zone and in UTC, with a fraction of a second only where it has one."""
    utc = instant_text(at).replace(".000000Z", "Z")
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key} ({utc})"


def zone_of(name: str) -> ZoneInfo | None:
    """Return a time zone by its IANA name; None for a name that is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return None


@cache
def _fonts() -> typst.Fonts:
    """The fonts that come with packages, never the machine's."""
    folder = Path(str(resources.files("manimgx_fonts_cjk")))
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])


__all__ = ["printed", "shown_time", "zone_of"]
