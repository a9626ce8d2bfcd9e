"""Watch: what a bank knows and decides while payments happen. Pure: no clock, no file, no chance of its own."""
