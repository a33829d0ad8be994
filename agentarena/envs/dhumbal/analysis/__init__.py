"""What only tests, benchmarks and reports use: the paper's published tables, and the same columns from event logs."""
