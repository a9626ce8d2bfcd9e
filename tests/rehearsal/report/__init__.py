"""Tests of running, OUT, sweeps and the report."""
