"""The zone that the command line is told is the zone of every document that people read."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pypdf
from typer.testing import CliRunner

from recoup.cli import app

CASE = Path(__file__).parents[2] / "examples" / "case"


def test_page_document_and_workbook_show_times_of_the_zone_asked_for(tmp_path: Path) -> None:
    arguments = ["trace", CASE / "transfers.csv", "--claims", CASE / "claims.csv"]
    arguments += ["--timezone", "Asia/Shanghai", "--out", tmp_path / "out"]
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    page = (tmp_path / "out" / "trail.html").read_text("utf-8")
    assert '"zone":"Asia/Shanghai"' in page
    report = pypdf.PdfReader(tmp_path / "out" / "evidence.pdf").pages[0].extract_text()
    assert "2025-11-12 17:17:39" in report
    book = openpyxl.load_workbook(tmp_path / "out" / "trail.xlsx")
    flows = next(sheet for sheet in book if sheet.title.endswith("Flows"))
    assert f"{flows.cell(2, 9).value}" == "2025-11-12 13:58:12"
    told = [str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row]
    assert "Asia/Shanghai" in told
