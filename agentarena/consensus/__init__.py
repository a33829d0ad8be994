"""Ranking the candidate answers of a language model: its generator, its discriminator, and the equilibrium of the consensus game."""

from .questions import Question, read_questions, write_questions
from .results import Comparison, compare
from .run import engine_of, score_questions
from .scored import Scored, load_scored

__all__ = [
    "Comparison",
    "Question",
    "Scored",
    "compare",
    "engine_of",
    "load_scored",
    "read_questions",
    "score_questions",
    "write_questions",
]
