"""Measurements: speed against other libraries, and the commands behind the numbers in cards."""
