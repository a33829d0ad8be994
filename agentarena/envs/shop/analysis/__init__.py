"""What only benchmarks, trainers and reports use: metrics, and the sampler that holds a success rate."""
