"""What only benchmarks and tests use."""
