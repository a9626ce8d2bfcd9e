"""The page `trail.html`: one file that opens without network and shows a trail so that a person can follow it.

Its script and style are assets beside this module, put together when the page is written; there is no build step. The
content security policy allows exactly this script and this style, by their digests, and nothing from anywhere else.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any, Final

from recoup.evidence.page.data import page_data
from recoup.evidence.wording import LANGUAGES, Language, say
from recoup.trace.trail import Trail

__all__ = ["page_html", "write_page"]

_SCRIPTS: Final = ("model.js", "sketch.js", "clock.js", "panels.js", "main.js")


def write_page(
    trail: Trail, path: Path | str, *, language: Language = "zh", timezone: str = "UTC"
) -> None:
    """Write the trail as one page to `path`. Times are shown in `timezone`, an IANA name.

    Raises `ValueError` for a language other than zh and en, `OSError` when the file cannot be written.
    """
    Path(path).write_text(
        page_html(trail, language=language, timezone=timezone), encoding="utf-8", newline="\n"
    )


def page_html(trail: Trail, *, language: Language = "zh", timezone: str = "UTC") -> str:
    """Return the page as text; the same trail gives the same text."""
    if language not in LANGUAGES:
        raise ValueError(f"expected one of {', '.join(LANGUAGES)}, was {language!r}")
    script = '"use strict";\n(() => {\n' + "\n".join(map(_asset, _SCRIPTS)) + "})();\n"
    style = _asset("page.css")
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}';"
        " base-uri 'none'; form-action 'none'"
    )
    parts = {
        "LANGUAGE": "zh-CN" if language == "zh" else "en",
        "POLICY": policy,
        "TITLE": escape(say("title", language)),
        "STYLE": style,
        "SCRIPT": script,
        "DATA": _embedded(page_data(trail, language=language, timezone=timezone)),
    }
    pieces = _asset("page.html").split("%%")
    return "".join(piece if i % 2 == 0 else parts[piece] for i, piece in enumerate(pieces))


def _asset(name: str) -> str:
    return resources.files("recoup.evidence.page").joinpath(f"assets/{name}").read_text("utf-8")


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _embedded(data: dict[str, Any]) -> str:
    """Return JSON that cannot end its own script element: no character of HTML is left in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
