"""agentarena: language-model agents and reinforcement-learning agents at the same tables, under the same rules."""
