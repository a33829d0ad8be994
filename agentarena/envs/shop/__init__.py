"""A shop on the web: WebShop's pages, commands and reward, with a catalogue of our own or the original's files."""

from .game import Shop
from .rules.reward import Reward, reward
from .rules.similarity import token_set_ratio
from .state import Place, State

__all__ = ["Place", "Reward", "Shop", "State", "reward", "token_set_ratio"]
