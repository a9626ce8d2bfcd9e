"""Makes the pages of docs/reference that repeat what the program says: cli.md (--help), formats.md (vocabulary), features.md.

`python tests/unit/docs/generated.py` writes them anew; test_generated.py compares.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "docs/reference"
COMMANDS = (
    *(
        "trace",
        "check",
        "return",
        "return verify",
        "return compare",
        "return templates",
        "policy",
        "verify",
        "serve",
    ),
    *("centre", "centre replay", "centre import", "centre backup", "centre restore"),
    *("bank", "bank keys", "bank serve", "bank sandbox", "bank conformance", "bank paper"),
    *("bank notices", "bank give", "bank defer", "bank appeal", "bank appeals"),
    *("watch", "watch train", "watch evaluate", "watch score"),
    *("demo", "bench", "bench trace", "bench journal", "bench chase", "bench looking"),
    *(
        "bench returns",
        "bench stolen",
        "bench watch",
        "bench stream",
        "bench scoring",
        "bench watch-sets",
    ),
    *("watch rules", "watch backtest", "watch crossval", "watch replay"),
    *("watch serve", "bench watch-http"),
    *("rehearse", "rehearse run", "rehearse schema"),
)
WIDTH = 100

_CLI = """\
# The command line

What `--help` says. This page is made by `python tests/unit/docs/generated.py`; a test compares it.

Exit codes of `recoup trace`: 0 traced and written; 2 something must be put right first, and nothing was written. Of `recoup
check`: 0 clean; 1 something to look at; 2 a file could not be read. Of `recoup return`: 0 shared out and written; 2
something must be put right first; of `recoup return verify`: 0 the awards follow from their inputs; 2 what differs. Of
`recoup verify`: 0 all of it holds; 2 the first wrong record, or a file that could not be read. Of `recoup centre replay`: 0
replayed; 2 the first wrong record, a snapshot that says something else, or a file that could not be read. Of `recoup centre
import`: 0 every row was taken; 1 some were refused; 2 file, centre or session could not be used. Of `recoup centre backup`
and `restore`: 0 done and verified; 2 what was to be made is not whole. Of `recoup bank`: 0 done; 1 an acceptance card
failed; 2 something given could not be used. Of `recoup demo`: 0 played; 2 something did not start. Of `recoup serve`: 0 told
to stop; 1 start it again; 2 it could not start. Of `recoup watch`: 0 done; 2 something must be put right first. Errors go
to standard error, one line each: [Problems of the input](problems.md) lists those of statements. Progress is shown on a
terminal only.
Of `recoup rehearse`: 0 played; 1 an identity of money does not hold; 2 something must be put right first.
"""

_FORMATS = """\
# Columns and words that are known

Made from `src/recoup/reading/vocabulary.toml` by `python tests/unit/docs/generated.py`; a test compares it.

Headers are compared without case, spaces, underscores, hyphens and a unit in brackets, full-width letters as plain ones.
Where several headers of a file fit one field, the first in the list is taken. Whatever is not here is named in a
[map](map.md); what the fields mean is said there, what formats there are in [Files that are read](ledger.md).
"""


def cli_page() -> str:
    """The help of every command, at a fixed width and without colours."""
    parts = [_CLI]
    commands = ("", *COMMANDS)
    for command, text in zip(commands, _helps(commands), strict=True):
        title = f"recoup {command}".strip()
        parts.append(f"\n## `{title}`\n\n```text\n{text}\n```\n")
    return "".join(parts)


def formats_page() -> str:
    """The vocabulary as tables: one row a field, a status, a kind."""
    path = ROOT / "src/recoup/reading/vocabulary.toml"
    known = tomllib.loads(path.read_text(encoding="utf-8"))
    parts = [_FORMATS]
    for title, name, first in (
        ("Headers of columns", "headers", "field"),
        ("Title rows above a table", "titles", "field"),
        ("Directions, seen from the account's holder", "directions", "direction"),
        ("Whether a payment was made", "statuses", "status"),
        ("Currencies", "currencies", "code"),
        ("Kinds of transfers", "kinds", "kind"),
    ):
        parts.append(f"\n## {title}\n\n| {first} | words |\n| --- | --- |\n")
        parts += [f"| `{key}` | {_words(words)} |\n" for key, words in known[name].items()]
    parts.append("\n## Parts of a summary that tell the kind\n\nThe first that occurs holds.\n\n")
    parts.append("| part | kind |\n| --- | --- |\n")
    parts += [f"| {note['part']} | `{note['kind']}` |\n" for note in known["notes"]]
    parts.append(f"\n## Words for no account\n\n{_words(known['none'])}\n")
    return "".join(parts)


_FEATURES = """\
# Features of a payment

Made from `recoup.watch.columns.STREAM_FEATURES` by `python tests/unit/docs/generated.py`; a test compares it. They are
columns of every matrix of features, in this order (all of the state, then all of patterns), read before the payment is
booked. How they come about: [The state of the stream](../explanation/stream.md). Those whose cost is *graph* are patterns:
`recoup watch train --no-graph` leaves them out, and a model names which it reads. *Kept* says that they count the last 32
payments of a pocket and direction alone.

A window is exact: a payment is inside while the stream's clock is less than the window after its own time. Cost says what
reading takes: a number of the pocket's *record*, one that is kept right by taking out what leaves a *window*, or a look at
other pockets (*graph*). A side that is not in this shard, the outside among them, has -1 in all its columns. Official codes
in brackets name the red flags that rest on a feature.

Five working days lie within seven days unless a holiday falls among them; a rule that counts working days reads the window
that contains them.
"""


def features_page() -> str:
    """The catalogue of features as one table a side."""
    from recoup.watch.columns import STREAM_FEATURES
    from recoup.watch.features import Side

    parts = [_FEATURES]
    for side in Side:
        parts.append(
            f"\n## {side.value.capitalize()}\n\n| name | meaning | 含义 | unit | window | cost |\n"
        )
        parts.append("| --- | --- | --- | --- | --- | --- |\n")
        parts += [
            f"| `{f.name}` | {f.meaning} | {f.meaning_zh} | {f.unit} | {_window(f.window)} | {f.cost} |\n"
            for f in STREAM_FEATURES
            if f.side is side
        ]
    return "".join(parts)


def _window(seconds: int | None) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds is not None and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return "-"


_REHEARSE = """\
# Figures of a rehearsal

Made from `recoup.rehearse.figures.FIGURES` by `python tests/unit/docs/generated.py`; a test compares it. Every policy and
both limits have all of them. Where *counted by* names a figure and that one is 0, nothing was measured and 0 says nothing.
How they are counted: [What a rehearsal measures](../explanation/rehearse.md). The schema of the whole file:
[rehearse-out.schema.json](rehearse-out.schema.json).

| key | 中文 | unit | meaning | counted by |
| --- | --- | --- | --- | --- |
"""


def rehearse_page() -> str:
    """The figures of a rehearsal as one table."""
    from recoup.rehearse.figures import FIGURES

    rows = (
        f"| `{f.name}` | {f.zh} | {f.unit} | {f.meaning} | {f'`{f.counted_by}`' if f.counted_by else '-'} |\n"
        for f in FIGURES
    )
    return _REHEARSE + "".join(rows)


PAGES = {
    "cli.md": cli_page,
    "features.md": features_page,
    "formats.md": formats_page,
    "rehearse-figures.md": rehearse_page,
}


def _words(words: list[str]) -> str:
    return ", ".join(f"`{word}`".replace("|", "\\|") for word in words)


_HELP = """
import contextlib, io, json, sys
from recoup.cli import app

said = []
for command in json.load(sys.stdin):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            app([*command.split(), "--help"], prog_name="recoup")
        except SystemExit as end:
            assert not end.code, command
    said.append(out.getvalue())
json.dump(said, sys.stdout)
"""


def _helps(commands: tuple[str, ...]) -> list[str]:
    """The help of each command, of one process: the program takes a third of a second to load, a page a hundredth."""
    plain = {"COLUMNS": str(WIDTH), "TERMINAL_WIDTH": str(WIDTH), "NO_COLOR": "1", "TERM": "dumb"}
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", _HELP],
        env=os.environ | plain,
        input=json.dumps(commands),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return [
        "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
        for text in json.loads(run.stdout)
    ]


if __name__ == "__main__":
    for page, make in PAGES.items():
        (REFERENCE / page).write_text(make(), encoding="utf-8", newline="\n")
