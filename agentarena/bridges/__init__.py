"""Our games in others' trainers: `trl` (TRL's GRPOTrainer), `prime_rl` (advantages of tokens). Each is imported by its own name."""
