"""Players that fit every game, agents by name, and agents in processes of their own."""
