"""Compiled loops over the state of the stream. Each has a slow twin in tests/twin_stream.py."""
