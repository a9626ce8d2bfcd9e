"""The compiled loop over payments."""
