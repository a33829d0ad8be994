"""Games as PettingZoo and Gymnasium environments. Use `agentarena.make`, `make_parallel`, `make_vec` and `gymnasium.make`."""
