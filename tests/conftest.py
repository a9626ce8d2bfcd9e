"""What all tests share: property tests are seeded and never timed (a busy machine is no fault; speed is for `make bench`)."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings
from kept_tracing import keep_tracing_processes

gc.disable()  # until the tests are collected: what is imported stays, and looking for garbage in it takes seconds
# Tests speak to nobody but this machine, without TLS. Each client would read the whole world's certificates all the same, which
# takes longer than most requests; of a folder without certificates it reads none.
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent / "golden")

settings.register_profile("recoup", deadline=None, derandomize=True, database=None)
settings.load_profile("recoup")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the collector look at what tests make, no longer at what was imported for them; and keep what traces."""
    gc.collect()
    gc.freeze()
    gc.enable()
    keep_tracing_processes()
