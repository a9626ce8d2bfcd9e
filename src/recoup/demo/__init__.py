"""Two invented cases played through a real centre and sandbox institutions, so that a new user sees the whole at work."""

from recoup.demo.notice import play_notice
from recoup.demo.play import play
from recoup.demo.town import INSTITUTIONS, Town

__all__ = ["INSTITUTIONS", "Town", "play", "play_notice"]
