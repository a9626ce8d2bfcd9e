"""A simulated bank: a core system in memory, a script of accounts and payments, and an agent that goes wrong as it says."""

from recoup.bank.sandbox.core import Clearing, Payment, SandboxCore
from recoup.bank.sandbox.faulty import FaultyAgent
from recoup.bank.sandbox.script import Behaviour, Do, Script, ScriptFault, parse_script, read_script

__all__ = [
    "Behaviour",
    "Clearing",
    "Do",
    "FaultyAgent",
    "Payment",
    "SandboxCore",
    "Script",
    "ScriptFault",
    "parse_script",
    "read_script",
]
