"""Watch: what is known of every pocket as payments pass, and what is decided of each. Pure: no file, no clock, no chance."""

__all__: list[str] = []
