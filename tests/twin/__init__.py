"""The twin: a slow, obvious and independent tracing of every rule, the oracle against `recoup.trace`. Not the product.

Tests import it as `twin` (`tests` is on pytest's path): `from twin import differences, random_world, twin_trace`.
"""

from twin.back import Back, twin_back
from twin.compare import assert_same, differences, report
from twin.entry import twin_trace
from twin.facts import Pocket, Refused
from twin.maker import FEATURES, PLAIN, random_world, worlds
from twin.outcome import Outcome
from twin.world import World

__all__ = [
    "FEATURES",
    "PLAIN",
    "Back",
    "Outcome",
    "Pocket",
    "Refused",
    "World",
    "assert_same",
    "differences",
    "random_world",
    "report",
    "twin_back",
    "twin_trace",
    "worlds",
]
