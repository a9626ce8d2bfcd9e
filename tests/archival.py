"""What PDF/A-2b (ISO 19005-2) asks of a file, as far as it can be read off with pypdf: the tests' own look, in no room of ours.

It is no full validator: content streams are searched for nothing but what draws text, and colours are not followed. veraPDF
wants Java and is in none of the registries that this project installs from.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pypdf
from pypdf.generic import DictionaryObject, NameObject, StreamObject

FORBIDDEN_ACTIONS = frozenset(
    "/Launch /Sound /Movie /ResetForm /ImportData /Hide /SetOCGState /Rendition /Trans /GoTo3DView /JavaScript".split()
)
"""6.5.1."""
FORBIDDEN_FILTERS = frozenset({"/LZWDecode", "/LZW", "/Crypt"})
"""6.1.7.2."""
PRINT, BAD_FLAGS = 4, 1 | 2 | 32 | 256
"""6.3.2: an annotation is printed, and neither hidden nor without a view."""
ICC_CHANNELS = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}


def faults(data: bytes) -> list[str]:
    """Return what in a file PDF/A-2b does not allow, each thing once; nothing for a file in which none was found."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    if reader.is_encrypted or "/Encrypt" in reader.trailer:
        return ["encrypted"]
    found = dict.fromkeys(_of_file(data, reader))
    for thing in _things(reader):
        found.update(dict.fromkeys(_of_thing(thing)))
    return list(found)


def _of_file(data: bytes, reader: pypdf.PdfReader) -> Iterator[str]:
    """6.1.2, 6.1.3, 6.2.3, 6.6.2: head, trailer, output intent, metadata."""
    first, second, *_ = data.split(b"\n", 2)
    if (
        not re.fullmatch(rb"%PDF-1\.[0-7]", first.strip())
        or len([x for x in second if x > 127]) < 4
    ):
        yield "head"
    if "/ID" not in reader.trailer:
        yield "no id in the trailer"
    root: Any = reader.trailer["/Root"]
    yield from _of_intent(root.get("/OutputIntents"))
    if "/AA" in root or "/XFA" in _form(root) or _form(root).get("/NeedAppearances"):
        yield "an action or a form of the catalog"
    metadata: Any = root.get("/Metadata")
    if metadata is None:
        yield "no metadata"
        return
    packet = metadata.get_object().get_data().decode()
    for name, value in (("part", "2"), ("conformance", "B")):
        if not re.search(rf"pdfaid:{name}(=\"{value}\"|>{value}<)", packet):
            yield f"pdfaid:{name}"
    title = (reader.metadata or {}).get("/Title", "")
    if title and str(title) not in packet:
        yield "the title in the metadata is another"


def _form(root: Any) -> Any:
    form = root.get("/AcroForm")
    return form.get_object() if form is not None else {}


def _of_intent(intents: Any) -> Iterator[str]:
    """Look at the one profile by which colours are meant."""
    rows = [row.get_object() for row in intents or ()]
    kinds = [row for row in rows if row.get("/S") == "/GTS_PDFA1"]
    if len(kinds) != 1 or "/DestOutputProfile" not in kinds[0]:
        yield "no output intent with a profile"
        return
    stream = kinds[0]["/DestOutputProfile"].get_object()
    profile = stream.get_data()
    is_whole = len(profile) > 128 and int.from_bytes(profile[:4]) == len(profile)
    if not is_whole or profile[36:40] != b"acsp":
        yield "the profile is no ICC profile"
    elif ICC_CHANNELS.get(profile[16:20]) != stream.get("/N"):
        yield "the profile has another number of colours"


def _things(reader: pypdf.PdfReader) -> Iterator[Any]:
    """Yield every dictionary of the file, those within others too."""
    waiting, seen = [reader.trailer["/Root"]], set[int]()
    while waiting:
        thing = waiting.pop().get_object()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, DictionaryObject):
            yield thing
            waiting += [
                value for value in (thing.raw_get(key) for key in thing) if value is not None
            ]
        elif isinstance(thing, list):
            waiting += list(thing)


def _of_thing(thing: Any) -> Iterator[str]:
    if thing.get("/S") in FORBIDDEN_ACTIONS or "/JS" in thing:
        yield "an action"
    if isinstance(thing, StreamObject):
        filters = thing.get("/Filter", ())
        names = [filters] if isinstance(filters, NameObject) else list(filters)
        if FORBIDDEN_FILTERS & {str(name) for name in names}:
            yield "a filter"
        if "/F" in thing or "/OPI" in thing:
            yield "a stream outside the file"
    if thing.get("/Type") == "/Font":
        yield from _of_font(thing)
    if thing.get("/Type") == "/ExtGState" and (
        "/TR" in thing or thing.get("/TR2", "/Default") != "/Default"
    ):
        yield "a transfer function"
    if "/EmbeddedFiles" in thing or thing.get("/Type") == "/EmbeddedFile":
        yield "a file within"
    if (
        "/Rect" in thing
        and "/Subtype" in thing
        and (thing.get("/Type") == "/Annot" or "/FT" in thing)
    ):
        flags, has_area = int(thing.get("/F", 0)), any(float(x) for x in thing["/Rect"])
        if not flags & PRINT or flags & BAD_FLAGS or (has_area and "/AP" not in thing):
            yield "an annotation"


def _of_font(font: Any) -> Iterator[str]:
    """6.2.11.4: every font that draws lies in the file; of a composite one it is the one below it."""
    if font.get("/Subtype") in {"/Type0", "/Type3"}:
        return
    about = font.get("/FontDescriptor")
    files = {"/FontFile", "/FontFile2", "/FontFile3"}
    if about is None or not files & set(about.get_object()):
        yield f"font {font.get('/BaseFont')} not embedded"
    if font.get("/Subtype") == "/CIDFontType2" and "/CIDToGIDMap" not in font:
        yield "a font without a map of its signs"


__all__ = ["faults"]
