"""Published figures of language models in GovSim, to set beside one's own.

Five seeds in each of three scenarios, temperature 0; survival rate, efficiency, equality and over-usage in percent, time in months, gain in units. Source:
Piatti et al., "Cooperate or Collapse", arXiv 2404.16698, read second-hand. Its over-usage follows a definition that its text does not reproduce.
"""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["GOVSIM", "GOVSIM_NEWCOMER", "Row"]


class Row(NamedTuple):
    """One model. nan where no figure is known.

    Attributes:
        name: The model.
        survival_rate: Percent of runs that lasted twelve months.
        survival_time: Months.
        gain: Mean harvest of a villager.
        efficiency: Percent of 600 units.
        equality: Percent.
        over_usage: Percent.
    """

    name: str
    survival_rate: float
    survival_time: float
    gain: float
    efficiency: float
    equality: float = math.nan
    over_usage: float = math.nan


GOVSIM = (
    Row("GPT-4o", 53.3, 9.3, 66.0, 55.0, 94.4, 10.8),
    Row("GPT-4-turbo", 40.0, 6.6, 62.4, 52.0, 93.6, 15.7),
    Row("Claude-3 Opus", 46.7, 6.9, 58.5, 48.8, 91.4, 21.0),
    Row("GPT-4", 6.7, 3.9, 31.5, 26.2, 91.4, 27.1),
    Row("Qwen-110B", 20.0, 4.5, 36.3, 30.3, 89.6, 47.0),
    Row("Qwen-72B", 0.0, 1.8, 24.0, 20.0),
    Row("GPT-3.5", 0.0, 1.1, 20.3, 16.9),
    Row("Llama-3-8B, Llama-3-70B, Mistral-7B, Claude-3 Haiku", 0.0, 1.0, 20.0, 16.7),
)
"""The default experiment."""

GOVSIM_NEWCOMER = (Row("GPT-4o", 33.3, 6.6, 34.8, 31.3, 71.7, 15.7),)
"""The newcomer joins in month 3."""
