"""Search on any game: minimax, Monte-Carlo trees, counterfactual regret, linear programs."""
