"""What a report is made of, written into a folder: OUT, the cases, the page, the press table."""

from __future__ import annotations

import csv
import json
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from recoup.rehearse.figures import CaseKept
from recoup.rehearse.running import Run


def write_report(run: Run, out: dict[str, Any], folder: Path, language: str) -> None:  # noqa: ARG001
    """Write the report of a run into a folder that exists."""
    text = json.dumps(out, indent=1, ensure_ascii=False)
    (folder / "out.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    write_cases(run, folder / "cases.csv")


def write_cases(run: Run, path: Path) -> None:
    """Write each fraud under each policy, a row each; amounts are minor units."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("policy", *(field.name for field in fields(CaseKept))))
        for name, result in run.results.items():
            rows.writerows((name, *astuple(one)) for one in result.cases)


__all__ = ["write_cases", "write_report"]
