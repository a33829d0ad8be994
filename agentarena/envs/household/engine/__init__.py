"""The household engine: problems, houses compiled from them, scenes that change, and their words. Nothing here knows of seats or matches."""
