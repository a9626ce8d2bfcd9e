"""The file with a case's particulars: what may stand in it, and that a wrong key is named and its value is not."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from recoup import limits
from recoup.errors import InputFault
from recoup.paper.returning import Kind, fields_of, read_particulars

GOOD = """\
made_on = 2026-07-01
languages = ["en"]
[case]
number = "A-17"
law = { zh = "法", en = "the act" }
[[officers]]
name = "first"
[parties.P]
name = "somebody"
born_on = 1960-02-03
[check]
zh = "柜台"
"""


def read(folder: Path, text: str) -> object:
    path = folder / "case.toml"
    path.write_text(text, encoding="utf-8")
    return read_particulars(path)


def test_what_is_given_is_read_and_all_but_the_date_may_be_missing(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    assert (found.languages, found.case.law.en, found.officers[0].name) == (
        ("en",),
        "the act",
        "first",
    )
    assert found.parties["P"].born_on.isoformat() == "1960-02-03"
    bare = read(tmp_path, "made_on = 2026-07-01")
    assert (bare.languages, bare.signing) == (("zh", "en"), None)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("made_on = 2026-07-01\n", "", "made_on"),
        ('number = "A-17"', 'nummer = "A-17"', "case.nummer"),
        ('name = "first"', 'nam = "first"', "officers[1].nam"),
        ('name = "somebody"', 'nick = "somebody"', "parties.P.nick"),
        ('name = "somebody"', "name = 4433221100", "Expected `str`, got `int`"),
        ("born_on = 1960-02-03", 'born_on = "4433221100"', "born_on"),
        ('["en"]', '["fr"]', "languages"),
        ('zh = "柜台"', 'zh = "https://pay.me"', "check.zh"),
        ('zh = "柜台"', 'zh = "见 police.example.cn"', "check.zh"),
        ("[check]", 'timezone_ = "x"\n[check]', "timezone_"),
        ('languages = ["en"]', 'timezone = "Asia/Nowhere"', "timezone"),
        ("[[officers]]", "[[officers]]\n[[officers]]\n[[officers]]", "at most two"),
        ("[case]", "[[objections]]\nofficers = [{}, {}, {}]\n[case]", "objections[1].officers"),
        ("[case]", "[case", "papers_invalid"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named_and_no_persons_value(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    assert old in GOOD
    with pytest.raises(InputFault, match="papers_invalid") as found:
        read(tmp_path, GOOD.replace(old, new))
    assert named in str(found.value)
    assert "4433221100" not in str(found.value)
    assert "somebody" not in str(found.value)


def test_a_file_that_is_missing_or_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputFault, match="file_missing"):
        read_particulars(tmp_path / "case.toml")
    monkeypatch.setattr(limits, "PARTICULARS_BYTES_MAX", len(GOOD.encode()))
    read(tmp_path, GOOD)
    with pytest.raises(InputFault, match="papers_invalid"):
        read(tmp_path, GOOD + "\n")


def test_the_page_shows_every_key_and_every_placeholder(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/reference/return-documents.md").read_text("utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    found = read(tmp_path, example)
    pending, names = [found], set[str]()
    while pending:
        value = pending.pop()
        if is_dataclass(value):
            names |= {field.name for field in fields(value)}
            pending += [getattr(value, field.name) for field in fields(value)]
        elif isinstance(value, dict | tuple):
            pending += value.values() if isinstance(value, dict) else value
    assert {"number", "card", "begins_on", "grounds", "pkcs12"} <= names
    assert [name for name in sorted(names) if name not in example] == []
    for kind in Kind:
        listed = " ".join(f"`{name}`" for name in fields_of(kind))
        assert f"| `{kind}` | {listed} |" in page
