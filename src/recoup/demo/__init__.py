"""One invented case played through a real centre and six sandbox institutions, so that a new user sees the whole at work."""

from recoup.demo.play import play
from recoup.demo.town import INSTITUTIONS, Town

__all__ = ["INSTITUTIONS", "Town", "play"]
