"""The rules in parts: similarity of texts, the reward, pages, goals, what a command does."""
