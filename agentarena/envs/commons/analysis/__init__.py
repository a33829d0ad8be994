"""What benchmarks, tests and reports use: metrics of a match, societies of scripted players, published figures."""
