"""Compiled loops over arrays: one event at a time, exact integers, no object of ours. Each has a slow twin in tests/twin."""
