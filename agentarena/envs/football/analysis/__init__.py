"""Measures of play, for reports and benchmarks."""
