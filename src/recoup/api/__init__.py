"""The way in over HTTP: who calls, what is asked, what is answered. No rule of any room is here."""

from recoup.api.app import make_app
from recoup.api.logs import masked, set_up_logs
from recoup.api.passwords import Passwords
from recoup.api.port import CentrePort, View

__all__ = ["CentrePort", "Passwords", "View", "make_app", "masked", "set_up_logs"]
