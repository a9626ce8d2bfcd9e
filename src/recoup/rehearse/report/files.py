"""What a report is made of, written into a folder: OUT, the cases, the page and the press table in both languages."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, Final

from recoup.rehearse.figures import CaseKept
from recoup.rehearse.report.page import page_html
from recoup.rehearse.report.press import press_pdf
from recoup.rehearse.running import Run
from recoup.rehearse.sweeping import Swept

PAGE: Final = "report.html"


def write_report(
    run: Run, out: Mapping[str, Any], folder: Path, language: str, swept: Swept | None = None
) -> None:
    """Write the report of a run into a folder that exists; `report.html` is in `language`, the other beside it."""
    text = json.dumps(out, indent=1, ensure_ascii=False)
    (folder / "out.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    write_cases(run, folder / "cases.csv")
    scenario, second = str(out["scenario"]), "en" if language == "zh" else "zh"
    beside = f"report.{second}.html"
    for said, name, other in ((language, PAGE, beside), (second, beside, PAGE)):
        page = page_html(run, scenario, said, other, swept)
        (folder / name).write_text(page, encoding="utf-8", newline="\n")
    for said in ("zh", "en"):
        (folder / f"press.{said}.pdf").write_bytes(press_pdf(run, scenario, said))


def write_cases(run: Run, path: Path) -> None:
    """Write each fraud under each policy, a row each; amounts are minor units."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("policy", *(field.name for field in fields(CaseKept))))
        for name, result in run.results.items():
            rows.writerows((name, *astuple(one)) for one in result.cases)


__all__ = ["PAGE", "write_cases", "write_report"]
