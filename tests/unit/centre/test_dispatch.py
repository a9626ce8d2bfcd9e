"""Which message goes next: order within a lane, slots of an institution, growing delays, and dead institutions."""

from __future__ import annotations

from random import Random

import pytest

from recoup import limits
from recoup.centre.dispatch import Dispatcher
from recoup.journal.port import Message


def _message(name: str, bank: str = "b", lane: str = "") -> Message:
    return Message(name, bank, "order", (lane or name).encode())


def _dispatcher(*messages: Message) -> Dispatcher:
    made = Dispatcher(lambda message: message.body.decode())
    made.load(messages)
    return made


def _started(dispatcher: Dispatcher, now: float = 0.0) -> list[Message]:
    found = []
    while message := dispatcher.start(now):
        found.append(message)
    return found


def test_messages_of_one_lane_go_one_after_another():
    first, second = _message("1", lane="x"), _message("2", lane="x")
    dispatcher = _dispatcher(first, second)
    assert _started(dispatcher) == [first]
    dispatcher.got_through(first)
    assert _started(dispatcher) == [second]


def test_an_institution_gets_so_many_at_once_and_all_together_so_many():
    each = limits.SEND_SLOTS_EACH_MAX
    dispatcher = _dispatcher(*[_message(f"m{n}") for n in range(each + 1)])
    assert len(_started(dispatcher)) == each
    many = [_message(f"m{n}_{b}", f"b{b}") for b in range(100) for n in range(each)]
    assert len(_started(_dispatcher(*many))) == limits.SEND_SLOTS_MAX


def test_what_did_not_get_through_waits_longer_each_time_up_to_the_bound():
    message = _message("1")
    dispatcher, now, waits = _dispatcher(message), 0.0, []
    for _ in range(12):
        assert dispatcher.start(now) == message
        dispatcher.failed(message, now, is_transient=True)
        before = now
        while dispatcher.start(now) is None:
            now += 1
        waits.append(now - before)
        dispatcher.failed(message, now, is_transient=True)
        now += limits.SEND_AGAIN_SECONDS_MAX
    assert waits[:3] == [1, 4, 16]
    assert max(waits) == limits.SEND_AGAIN_SECONDS_MAX


def test_dead_institutions_never_take_every_slot():
    dead = [_message(f"d{n}", f"dead{n}") for n in range(100)]
    dispatcher = _dispatcher(*dead)
    for _ in range(3):
        for message in _started(dispatcher):
            dispatcher.failed(message, 0.0, is_transient=True)
    alive = _message("a", "alive")
    dispatcher.load([alive])
    found = _started(dispatcher, 1e6)
    assert alive in found
    assert sum(x.destination != "alive" for x in found) == limits.SEND_SLOTS_FAILING_MAX


def test_one_bad_message_does_not_keep_an_institutions_other_messages_back():
    bad, good = _message("bad"), _message("good")
    dispatcher, now, done = _dispatcher(bad, good), 0.0, []
    for _ in range(20):
        now += 1
        for message in _started(dispatcher, now):
            if message == bad:
                dispatcher.failed(message, now, is_transient=True)
            else:
                dispatcher.got_through(message)
                done.append(message)
    assert done == [good]


def test_a_refused_message_lets_later_ones_pass_and_is_given_up_when_they_have():
    stop, release = _message("stop", lane="x"), _message("release", lane="x")
    dispatcher = _dispatcher(stop)
    assert _started(dispatcher) == [stop]
    dispatcher.failed(stop, 0.0, is_transient=False)
    dispatcher.load([release])
    assert _started(dispatcher, 1000.0) == [release]
    assert dispatcher.got_through(release) == (stop,)
    assert (_started(dispatcher, 1e6), dispatcher.held) == ([], 0)


def test_a_refused_message_with_nothing_behind_it_is_tried_again_and_may_get_through():
    stop = _message("stop")
    dispatcher = _dispatcher(stop)
    _started(dispatcher)
    dispatcher.failed(stop, 0.0, is_transient=False)
    assert _started(dispatcher, limits.SEND_AGAIN_SECONDS_MAX - 1.0) == []
    assert _started(dispatcher, float(limits.SEND_AGAIN_SECONDS_MAX)) == [stop]
    assert dispatcher.got_through(stop) == ()
    assert dispatcher.held == 0


class _Overtaking(Dispatcher):
    """A planted bug: forgets that a lane has a message on its way."""

    def start(self, now: float) -> Message | None:
        message = super().start(now)
        if message is not None:
            there = self._institutions[message.destination]
            lane = self._in_flight[message.id]
            if len(there.lanes[lane].waiting) > 1:
                there.lanes[lane].waiting.rotate(-1)
                there.ready.append(lane)
        return message


def _walk(make: type[Dispatcher], seed: int) -> None:
    """Load, start and land at random; assert the order within lanes and the bounds, and that everything gets through."""
    chance, now, flying, through = Random(seed), 0.0, [], dict[str, list[int]]()
    dispatcher = make(lambda message: message.body.decode())
    dead = {f"b{n}" for n in range(3) if chance.random() < 0.3}
    for number in range(150):
        lane = f"l{chance.randrange(6)}"
        bank = f"b{int(lane[1]) % 3}"
        dispatcher.load([Message(str(number), bank, "order", lane.encode())])
        now += chance.choice([0, 0, 1, 400])
        while (message := dispatcher.start(now)) is not None:
            assert not any(x.body == message.body for x in flying), "two of a lane are on their way"
            flying.append(message)
            assert (
                sum(x.destination == message.destination for x in flying)
                <= limits.SEND_SLOTS_EACH_MAX
            )
        while flying and chance.random() < 0.8:
            _land(dispatcher, flying.pop(chance.randrange(len(flying))), now, through, chance, dead)
    for _ in range(3_000):  # the calm at the end: everything gets through
        now += limits.SEND_AGAIN_SECONDS_MAX
        while (message := dispatcher.start(now)) is not None:
            flying.append(message)
        if not flying:
            break
        for message in flying:
            _land(dispatcher, message, now, through, chance, set())
        flying = []
    assert dispatcher.held == 0, "something never got through"
    assert sum(map(len, through.values())) == 150


def _land(dispatcher, message, now, through, chance, dead):
    if message.destination in dead or chance.random() < 0.2:
        dispatcher.failed(message, now, is_transient=True)
        return
    if chance.random() < 0.1:
        dispatcher.failed(message, now, is_transient=False)
        return
    seen = through.setdefault(message.body.decode(), [])
    assert seen == sorted(seen)
    assert not seen or seen[-1] < int(message.id), "overtaken"
    seen.append(int(message.id))
    for given_up in dispatcher.got_through(message):
        assert given_up.body == message.body, "given up for another lane's sake"
        assert int(given_up.id) < int(message.id), "given up before it was overtaken"
        through.setdefault("given up", []).append(int(given_up.id))


@pytest.mark.parametrize("seed", range(60))
def test_random_outboxes_keep_order_and_bounds_and_end_empty(seed):
    _walk(Dispatcher, seed)


def test_a_dispatcher_that_lets_a_lane_overtake_itself_is_found():
    """The negative control."""

    def walk_all() -> None:
        for seed in range(60):
            _walk(_Overtaking, seed)

    with pytest.raises(AssertionError, match="lane"):
        walk_all()
