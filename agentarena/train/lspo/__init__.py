"""Latent-space policy optimization: free speech in clusters, solved as a game, and taught back to the language model."""
