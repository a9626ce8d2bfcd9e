"""A core that was warmed with its configuration compiles nothing more when payments come: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]
# Where `deciding` lies, and the tree that is tested: a process of its own does not have pytest's path.
PATH = os.pathsep.join(map(str, (TESTS.parent / "src", TESTS)))

SCRIPT = """
import gc

import msgspec
from deciding import START, model_of
from numba.core.dispatcher import Dispatcher

from recoup.watch.model import write_model
from recoup.watching.service import WatchCore
from recoup.watching.service.bodies import read_body, write_many
from recoup.watching.service.files import Content
from recoup.watching.service.port import CONFIGURE, LAPSE, RELEASE, Batch
from recoup.watching.policy_files import _HERE as POLICIES
from recoup.watching.rule_files import _HERE as RULES


def compiled():
    return sum(len(one.overloads) for one in gc.get_objects() if isinstance(one, Dispatcher))


def pay(core, first, count, amount, is_scored=True):
    numbers = range(first, first + count)
    core.decide(
        Batch(
            [f"p{n}" for n in numbers], [f"a{n % 5}" for n in numbers], [f"b{n}" for n in numbers],
            ["CNY"] * count, [amount] * count, [START + n for n in numbers], [0] * count,
        ),
        is_scored=is_scored,
    )


content = Content(
    (RULES / "cn-flags.toml").read_text(), (POLICIES / "cn.toml").read_text(), write_model(model_of()), {}
)
bare, core = (WatchCore(rows_followed=1_000) for _ in range(2))
bare.warm()
counts = [compiled()]
core.tell(CONFIGURE, msgspec.msgpack.encode(content))
core.warm()
counts.append(compiled())
pay(core, 0, 1, 100)
pay(core, 1, 1, 90_000)
pay(core, 2, 1, 100, is_scored=False)
pay(core, 3, 5, 100)
pay(core, 8, 64, 90_000)
pay(core, 72, 500, 100)
pay(core, 572, 500, 100, is_scored=False)
rows = [
    {"id": f"q{n}", "payer": f"c{n}", "payee": "d", "amount": "1.00", "currency": "CNY", "time": "2023-11-14T22:13:21Z"}
    for n in range(500)
]
read = read_body(msgspec.json.encode({"payments": rows}), is_batch=True)
assert read.batch.are_bytes
write_many(read.ids, core.decide(read.batch, is_scored=True))
core.book(  # as what waited goes on
    Batch(["r"], ["a0"], ["b0"], ["CNY"], [90_000], [core.watch.stream.shard.clock], [0])
)
core.tell(RELEASE, b"r")
core.tell(LAPSE, str(core.watch.stream.shard.clock).encode())
counts.append(compiled())
print(*counts)
"""


def test_a_core_that_is_warm_compiles_nothing_more_and_one_warmed_without_its_rules_would_have() -> (
    None
):
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"PYTHONPATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    bare, warm, after = map(int, found.stdout.split())
    assert bare < warm, "the control: rules and model need more than a bare watch"
    assert warm == after
