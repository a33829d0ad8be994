"""Bridges to other packages, each imported by its own name. Our games in others' trainers: `trl` (TRL's GRPOTrainer), `verifiers`,
`prime_rl` (advantages of tokens). Others' text games here: `textworld`, `scienceworld`, `textworld_express`.
"""
