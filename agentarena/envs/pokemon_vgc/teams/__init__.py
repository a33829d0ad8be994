"""Teams: Showdown's formats, pools for training and for tests of generalization, similarity, files of users, building.

showdown.py     PokemonSet; export format and packed format, both ways
files.py        teams of users from files and folders
validate.py     what the simulator says against a team
building.py     choosing six sets of an offer, one after another
pools.py        legal pools from the package's own generators; the ones in data/
similarity.py   how alike two teams are
"""

from __future__ import annotations

from .building import Offer
from .files import TeamFile, read_teams
from .pools import TeamPools, default_pools, generate_pools
from .showdown import PokemonSet, format_export, pack, parse_export, read_team, to_id, unpack
from .similarity import similarity
from .validate import legal_team, spelled, team_problems

__all__ = [
    "Offer",
    "PokemonSet",
    "TeamFile",
    "TeamPools",
    "default_pools",
    "format_export",
    "generate_pools",
    "legal_team",
    "pack",
    "parse_export",
    "read_team",
    "read_teams",
    "similarity",
    "spelled",
    "team_problems",
    "to_id",
    "unpack",
]
