"""A run shown: page, press release, live figures, sweeps."""
