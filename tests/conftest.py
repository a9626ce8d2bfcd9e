"""For every test: hypothesis has no deadline, because a time measured on a busy machine says nothing of the code."""

from hypothesis import settings

settings.register_profile("recoup", deadline=None)
settings.load_profile("recoup")
