"""Recoup stops, intercepts, traces and returns defrauded money."""
