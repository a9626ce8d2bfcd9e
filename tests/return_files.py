"""The files of a small return on the command line: three claims, three pots, and what runs and reads them."""

from __future__ import annotations

import csv
from pathlib import Path

from typer.testing import CliRunner, Result

from recoup.cli import app

LEDGER = """\
id,time,payer,payee,amount,currency
t1,2026-01-05T10:00:00Z,P,mule,60.00,CNY
t2,2026-01-05T10:01:00Z,M,mule,40.00,CNY
t3,2026-01-05T10:02:00Z,mule,shop,90.00,CNY
t4,2026-01-05T10:03:00Z,K,solo,25.00,CNY
t5,2026-01-05T10:04:00Z,guest,shop,30.00,CNY
"""
CLAIMS = """\
claim,victim,transfer,loss
c1,P,t1,60.00
c2,M,t2,40.00
c3,K,t4,25.00
"""
POTS = """\
account,amount,currency,holder
mule,10.00,CNY,
solo,25.00,CNY,involved
shop,120.00,CNY,innocent
"""


def fill(folder: Path) -> Path:
    """Write the inputs into a folder."""
    for name, text in (("t.csv", LEDGER), ("c.csv", CLAIMS), ("p.csv", POTS)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, *more: str, transfers: tuple[str, ...] = ("t.csv",)) -> Result:
    files = [str(folder / name) for name in transfers]
    arguments = ["--pots", str(folder / "p.csv"), "--claims", str(folder / "c.csv")]
    out = ["--out", str(folder / "out")]
    return CliRunner().invoke(app, ["return", *arguments, "--transfers", *files, *out, *more])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def verify(folder: Path) -> Result:
    return CliRunner().invoke(app, ["return", "verify", str(folder / "out")])


__all__ = ["CLAIMS", "LEDGER", "POTS", "fill", "rows", "run", "verify"]
