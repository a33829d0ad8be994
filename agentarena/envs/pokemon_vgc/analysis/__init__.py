"""What benchmarks of this game share: published figures, and tables of results."""
