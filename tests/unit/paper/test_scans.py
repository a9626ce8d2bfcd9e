"""A scan is what its bytes say and nothing beside; its code is found on what telephones make; bad files are named."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
import zlib

import pypdf
import pytest
from banks import BANK, CENTRE, START, order
from PIL import Image
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from scanned import document, jpeg, page, photograph, png, png_of

from recoup import limits
from recoup.errors import ScanFault, ScanProblem
from recoup.messages import KeyRing, open_paper, seal
from recoup.orders import OrderKind
from recoup.paper import order_pdf, scan_worker
from recoup.paper.forms import JPEG, PDF, PNG, form_of
from recoup.paper.scans import look_at

WHITE = Image.new("L", (400, 300), 255)


@pytest.fixture(scope="module")
def sealed() -> bytes:
    return seal(order(OrderKind.STOP), CENTRE, audience=BANK.owner, jti="j" * 40, now=START)


@pytest.fixture(scope="module")
def printed(sealed: bytes) -> bytes:
    return order_pdf(open_paper(sealed, KeyRing([CENTRE.public])), sealed)


def problem(data: bytes, said: str) -> ScanProblem:
    with pytest.raises(ScanFault) as found:
        look_at(data, said)
    assert "holder" not in str(found.value)
    return found.value.problem


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as there:
        there.writestr("run.sh", "echo")
    return out.getvalue()


def scanned_pdf(**more: object) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(document(WHITE)))
    if "script" in more:
        action = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject("app.alert(1)")}
        action = {NameObject(name): value for name, value in action.items()}
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    if "attached" in more:
        writer.add_attachment("run.sh", b"echo")
    if "password" in more:
        writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def hidden(data: bytes) -> bytes:
    """Return a document with a script named among packed objects, its name spelled another way."""
    packed = zlib.compress(b"7 0 <</S/Java#53cript>>")
    head = b"9 0 obj <</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>" % len(packed)
    packed = head + b"stream\n" + packed + b"\nendstream endobj\n"
    at = data.index(b"xref")
    return data[:at] + packed + data[at:]


@pytest.mark.parametrize("inch", [100, 150, 300])
def test_the_code_of_a_photographed_sheet_is_read(sealed, printed, inch) -> None:
    sheet = page(printed, inch=inch)
    looked = look_at(photograph(sheet, turned=187 if inch == 150 else 3, unsharp=inch / 200), JPEG)
    assert (looked.media, looked.pages, looked.codes) == (JPEG, 1, (sealed,))


def test_the_code_of_a_scanned_sheet_is_read_from_each_form(sealed, printed) -> None:
    sheet = page(printed)
    assert look_at(png(sheet), PNG).codes == (sealed,)
    assert look_at(png(sheet.convert("RGBA")), PNG).codes == (sealed,)
    both = look_at(document(page(printed, 0), sheet), PDF)
    assert (both.pages, both.codes) == (2, (sealed, sealed))


def test_a_sheet_on_which_no_code_can_be_seen_has_none(printed) -> None:
    sheet = page(printed, inch=30)
    assert look_at(png(sheet), PNG).codes == ()


def test_what_telephones_put_behind_a_picture_is_part_of_it() -> None:
    one = jpeg(WHITE)
    assert form_of(one + one + b"\x00" * 64, JPEG) == JPEG


@pytest.mark.parametrize("cut", [0.2, 0.9, 0.999])
def test_a_file_that_was_cut_is_damaged(printed, cut) -> None:
    sheet = page(printed)
    for data, said in ((png(sheet), PNG), (jpeg(sheet), JPEG), (document(sheet), PDF)):
        assert problem(data[: int(len(data) * cut)], said) is ScanProblem.DAMAGED


def test_a_file_that_is_broken_inside_is_damaged() -> None:
    whole = png(WHITE)
    assert problem(whole[:60] + b"~" + whole[61:], PNG) is ScanProblem.DAMAGED
    assert problem(png_of(40, 40, b"no points at all"), PNG) is ScanProblem.DAMAGED
    assert problem(b"%PDF-1.7\nnothing\n%%EOF\n", PDF) is ScanProblem.DAMAGED
    assert problem(b"\xff\xd8\xff\xd9", JPEG) is ScanProblem.DAMAGED


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"{}", b"<svg/>", b"MZ" + bytes(100)])
def test_another_form_is_not_taken(data) -> None:
    for said in (PDF, PNG, JPEG):
        assert problem(data, said) is ScanProblem.FORM_UNKNOWN


def test_a_file_that_is_not_what_it_is_said_to_be_is_refused() -> None:
    assert problem(png(WHITE), JPEG) is ScanProblem.FORM_DIFFERS
    assert problem(jpeg(WHITE), PDF) is ScanProblem.FORM_DIFFERS
    assert problem(document(WHITE), PNG) is ScanProblem.FORM_DIFFERS


def _with_comment(words: bytes) -> bytes:
    whole = jpeg(WHITE)
    return whole[:2] + b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + whole[2:]


def test_a_file_that_is_two_things_is_refused() -> None:
    for data, said in (
        (png(WHITE) + b"more", PNG),
        (png(WHITE) + archive(), PNG),
        (jpeg(WHITE) + archive(), JPEG),
        (jpeg(WHITE) + b"\x00\x00\x00\x18ftypmp42", JPEG),
        (document(WHITE) + archive(), PDF),
        (document(WHITE) + b"<html></html>", PDF),
        (b"MZ" + document(WHITE), PDF),
        (_with_comment(b"%PDF-1.7"), JPEG),
        (_with_comment(b"<SCRIPT>alert(1)</SCRIPT>"), JPEG),
    ):
        assert problem(data, said) is ScanProblem.NOT_ALONE, data[-20:]
    assert form_of(_with_comment(b"a comment"), JPEG) == JPEG, "the control"


def test_a_document_that_does_something_or_is_locked_is_refused() -> None:
    assert look_at(scanned_pdf(), PDF).pages == 1, "the control"
    assert problem(scanned_pdf(script=1), PDF) is ScanProblem.ACTIVE
    assert problem(hidden(scanned_pdf()), PDF) is ScanProblem.ACTIVE
    assert problem(scanned_pdf(attached=1), PDF) is ScanProblem.ACTIVE
    assert problem(scanned_pdf(password=1), PDF) is ScanProblem.LOCKED


SCRIPT = b"9 0 obj\n<</S/JavaScript/JS(app.alert(1))>>\nendobj\n"


def packed_objects(body: bytes, head: bytes = b"/Filter/FlateDecode") -> bytes:
    """Return a stream of packed objects, as newer documents have it."""
    said = b"8 0 obj\n<</Type/ObjStm/N 1/First 4" + head + b"/Length %d>>\n" % len(body)
    return said + b"stream\n" + body + b"\nendstream\nendobj\n"


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (b"%stream\n" + SCRIPT + b"%endstream\n", ScanProblem.ACTIVE),
        (b"%stream\n" + packed_objects(zlib.compress(SCRIPT)), ScanProblem.ACTIVE),
        (
            packed_objects(zlib.compress(SCRIPT), b"/Pad(" + b"x" * 600 + b")/Filter/FlateDecode"),
            ScanProblem.ACTIVE,
        ),
        (
            packed_objects(
                zlib.compress(SCRIPT).hex().encode(), b"/Filter[/ASCIIHexDecode/FlateDecode]"
            ),
            ScanProblem.DAMAGED,
        ),
        (packed_objects(zlib.compress(SCRIPT)[:-20]), ScanProblem.DAMAGED),
        (packed_objects(zlib.compress(bytes(2**22) + SCRIPT)), ScanProblem.DAMAGED),
    ],
    ids=["comment", "before packed", "padded", "twice packed", "cut", "far behind"],
)
def test_what_a_document_does_is_not_hidden_from_us_by_how_it_is_written(more, found) -> None:
    plain = document(WHITE)
    at = plain.rindex(b"xref")
    assert look_at(plain[:at] + b"%a comment\n" + plain[at:], PDF).pages == 1, "the control"
    assert look_at(plain[:at] + packed_objects(zlib.compress(b"9 0 <<>>")) + plain[at:], PDF)
    assert problem(plain[:at] + more + plain[at:], PDF) is found


def test_a_document_that_is_locked_without_a_password_is_refused() -> None:
    """A reader opens it without asking; what is packed in it cannot be looked through."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(document(WHITE)))
    writer.encrypt("", "the owner's", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert problem(out.getvalue(), PDF) is ScanProblem.LOCKED


def test_the_process_that_looks_ends_by_itself_where_nobody_is_left_to_end_it() -> None:
    asked = (
        "import resource; from recoup.paper import scan_worker as worker; worker._bound_itself();"
        "print([resource.getrlimit(x)[0] for x in (resource.RLIMIT_CPU, resource.RLIMIT_AS)])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert (
        done.stdout.strip() == f"[{scan_worker.WORK_SECONDS_MAX}, {scan_worker.MEMORY_BYTES_MAX}]"
    )
    assert limits.SCAN_SECONDS_MAX < scan_worker.WORK_SECONDS_MAX


def test_a_small_file_that_unpacks_to_much_is_refused() -> None:
    side = int(limits.SCAN_POINTS_MAX**0.5) + 1
    points = zlib.compress(bytes(side * (side + 1)), 9)
    assert len(points) < 100_000
    assert problem(png_of(side, side, points), PNG) is ScanProblem.TOO_LARGE
    assert problem(png_of(2**31 - 1, 2**31 - 1, b""), PNG) is ScanProblem.TOO_LARGE
    at = side - 1
    assert look_at(png_of(at, at, zlib.compress(bytes(at * (at + 1)), 9)), PNG).pages == 1


def test_pages_are_bounded() -> None:
    most = limits.SCAN_PAGES_MAX
    assert look_at(document(*[WHITE] * most), PDF).pages == most
    assert problem(document(*[WHITE] * (most + 1)), PDF) is ScanProblem.TOO_LARGE
    assert problem(b"%PDF-" + bytes(limits.SCAN_BYTES_MAX), PDF) is ScanProblem.TOO_LARGE
