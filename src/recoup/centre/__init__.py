"""The centre: use cases over the pure rooms, put together with stores and clocks: writer, sender, deadlines, notary."""

from recoup.centre.deadlines import Deadlines
from recoup.centre.decide import decider
from recoup.centre.evolve import evolve
from recoup.centre.notary import Notary
from recoup.centre.paying import Award, pay_back_order
from recoup.centre.ports import BankGateway, Reply
from recoup.centre.registry import COMMAND_REGISTRY, EVENT_REGISTRY
from recoup.centre.requests import Actor, Request, command_of
from recoup.centre.running import Centre
from recoup.centre.sender import Sender, answer_command
from recoup.centre.state import CentreState
from recoup.centre.view import View
from recoup.centre.writer import Writer

__all__ = [
    "COMMAND_REGISTRY",
    "EVENT_REGISTRY",
    "Actor",
    "Award",
    "BankGateway",
    "Centre",
    "CentreState",
    "Deadlines",
    "Notary",
    "Reply",
    "Request",
    "Sender",
    "View",
    "Writer",
    "answer_command",
    "command_of",
    "decider",
    "evolve",
    "pay_back_order",
]
