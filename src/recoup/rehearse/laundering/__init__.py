"""How launderers work: strategies, dwell times, what they do when something is held, and one that learns."""
