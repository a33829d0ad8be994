"""Trained policies on vectors as players: networks of this package, of Stable-Baselines3, TorchRL and RLlib, and any torch module."""
