"""Start-up is recovery: whatever way the service ended, it goes on from what it answered, or says why it cannot."""

from __future__ import annotations

import pytest
from plain_watch import PlainCore
from watch_service import Running, payment

from recoup.errors import StoreFault
from recoup.watching.service import Desk, Figures, Keeping, Terms
from recoup.watching.service.log import Log


def recovered(folder):
    core = PlainCore()
    keeping = Keeping(folder)
    keeping.recover(core)
    keeping.close()
    return core


def test_after_an_orderly_end_the_snapshot_says_it_all(tmp_path):
    with Running(tmp_path) as running:
        running.inform("stop", b"acc-stopped")
        running.pay(id="one")
    with Running(tmp_path) as again:
        assert again.records == 0
        assert again.core.snapshot() == running.core.snapshot()
        assert again.pay(id="one").json()["is_repeat"]


def test_without_an_orderly_end_the_log_says_it_all(tmp_path):
    running = Running(tmp_path)
    running.inform("stop", b"acc-stopped")
    for at in range(5):
        running.pay(id=f"p-{at}", payer="acc-stopped" if at == 3 else "acc-a")
    core = recovered(tmp_path)  # as after SIGKILL: the first is still open
    assert core.snapshot() == running.core.snapshot()
    running.close()


def test_a_snapshot_in_between_changes_nothing(tmp_path):
    with Running(tmp_path, terms=Terms(snapshot_seconds=0.0)) as running:
        for at in range(20):
            running.pay(id=f"p-{at}")
    assert len(list(tmp_path.glob("state-*.bin"))) == 2
    with Running(tmp_path) as again:
        assert again.core.snapshot() == running.core.snapshot()


def test_a_batch_of_bytes_comes_back_from_the_log_too(tmp_path):
    running = Running(tmp_path)
    running.inform("stop", b"acc-stopped")
    payers = ["acc-a", "acc-stopped", "acc-c"]
    rows = [payment(id=f"p-{at}", payer=payer) for at, payer in enumerate(payers)]
    first = running.client.post("/v1/decisions", json={"payments": rows}).json()
    assert b"packed" in next(tmp_path.glob("log-*.bin")).read_bytes()
    core = recovered(tmp_path)
    assert core.snapshot() == running.core.snapshot()
    running.close()
    with Running(tmp_path) as again:
        told = again.client.post("/v1/decisions", json={"payments": rows}).json()
    assert told["decisions"] == [one | {"is_repeat": True} for one in first["decisions"]]


def test_a_batch_of_bytes_that_does_not_fit_together_stops_the_start(tmp_path):
    log = Log(tmp_path, 0)
    log.append(["packed", True, ["CNY", b"\x01\0\0\0", b"ab", *[b""] * 7], "0" * 32])
    log.sync()
    log.close()
    with pytest.raises(StoreFault, match="as long as they are said to be"):
        recovered(tmp_path)


def _log(tmp_path):
    running = Running(tmp_path)
    for at in range(5):
        running.pay(id=f"p-{at}")
    return running, next(tmp_path.glob("log-*.bin"))


def test_a_torn_end_is_cut_off_and_what_stands_before_it_stays(tmp_path):
    running, log = _log(tmp_path)
    content = log.read_bytes()
    log.write_bytes(content[:-3])
    core = recovered(tmp_path)
    assert [core.knows_any([f"p-{at}"]) for at in range(5)] == [True] * 4 + [False]
    assert len(log.read_bytes()) < len(content) - 3
    log.write_bytes(content)
    running.close()


@pytest.mark.parametrize("place", [0, 5, 20, -200])
def test_a_log_that_was_altered_stops_the_start(tmp_path, place):
    running, log = _log(tmp_path)
    content = bytearray(log.read_bytes())
    content[place] ^= 1
    log.write_bytes(content)
    with pytest.raises(StoreFault):
        recovered(tmp_path)
    log.write_bytes(b"")
    running.close()


def test_a_log_whose_decisions_come_out_otherwise_stops_the_start(tmp_path, monkeypatch):
    running, _ = _log(tmp_path)
    monkeypatch.setattr(PlainCore, "_decide", lambda *_, **__: (2, "other"))
    with pytest.raises(StoreFault, match="answers of before"):
        recovered(tmp_path)
    monkeypatch.undo()
    running.close()


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_poisoned_snapshot_is_refused(tmp_path, place):
    with Running(tmp_path) as running:
        running.pay(id="one")
    path = next(tmp_path.glob("state-*.bin"))
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreFault, match="snapshot"):
        recovered(tmp_path)


def test_early_answers_that_were_not_reached_are_taken_in_at_the_start(tmp_path):
    running = Running(tmp_path, terms=Terms(early_seconds=0.2))
    running.core.going.clear()
    answer = running.pay(id="early", payee="acc-early", amount="99999.00").json()
    assert (answer["decision"], answer["is_scored"]) == ("allow", False)
    copy = tmp_path.with_name(f"{tmp_path.name}-copy")
    copy.mkdir()
    for path in tmp_path.iterdir():  # the disk as SIGKILL would leave it now
        (copy / path.name).write_bytes(path.read_bytes())
    running.core.going.set()
    running.close()
    with Running(copy) as again:
        assert again.core.paid["acc-early"] == 9_999_900
        told = again.pay(id="early", payee="acc-early", amount="99999.00").json()
        assert told == {**answer, "is_repeat": True}


def test_a_desk_that_was_not_opened_takes_nothing(tmp_path):
    desk = Desk(PlainCore(), Keeping(tmp_path), Terms(), Figures(), lambda _: None)
    assert desk.recover() == 0
    assert not desk.is_ready
