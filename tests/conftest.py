"""What all tests share: property tests are seeded and never timed (a busy machine is no fault; speed is for `make bench`)."""

from hypothesis import settings

settings.register_profile("recoup", deadline=None, derandomize=True, database=None)
settings.load_profile("recoup")
