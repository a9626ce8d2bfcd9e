"""The bench: seeded inputs, measurements against plain ways and against the machine's own limits. Not tests."""
