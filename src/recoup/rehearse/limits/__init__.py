"""What no system can beat: everything inside frozen at once, and the same with the time that institutions take."""
