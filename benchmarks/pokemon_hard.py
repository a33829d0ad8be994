"""Teams that are hard on masks of Pokémon VGC: traps, Commander, Revival Blessing, Transform, Illusion, locked moves, changing targets."""

from __future__ import annotations

import random

__all__ = ["CUSTOM", "HARD_SETS", "hard_teams"]

CUSTOM = "gen9doublescustomgame"
"""The format that allows them."""
HARD_SETS = """
Gothitelle|Leftovers|ShadowTag|psychic,protect,fakeout,healpulse
Dugtrio|FocusSash|ArenaTrap|earthquake,rockslide,protect,memento
Wobbuffet|SitrusBerry|ShadowTag|encore,counter,mirrorcoat,destinybond
Magnezone|ChoiceSpecs|MagnetPull|thunderbolt,flashcannon,voltswitch,electroweb
Tatsugiri|ChoiceScarf|Commander|dracometeor,muddywater,protect,icywind
Dondozo|Leftovers|Unaware|wavecrash,orderup,protect,earthquake
Pawmot|LeppaBerry|VoltAbsorb|revivalblessing,doubleshock,fakeout,closecombat
Rabsca|SitrusBerry|Synchronize|revivalblessing,bugbuzz,psychic,trickroom
Ditto|ChoiceScarf|Imposter|transform
Mew|Leftovers|Synchronize|transform,imprison,protect,psychic
Urshifu|ChoiceBand|UnseenFist|wickedblow,closecombat,uturn,suckerpunch
Whimsicott|MentalHerb|Prankster|encore,taunt,tailwind,moonblast
Gengar|LifeOrb|CursedBody|disable,shadowball,meanlook,imprison
Dragonite|LumBerry|Multiscale|outrage,extremespeed,fly,roost
Tyranitar|AssaultVest|SandStream|rockslide,knockoff,hyperbeam,dragontail
Zoroark-Hisui|ChoiceScarf|Illusion|bittermalice,hypervoice,uturn,trick
Golisopod|EjectButton|EmergencyExit|firstimpression,liquidation,aquajet,leechlife
Cyclizar|RedCard|Regenerator|shedtail,dracometeor,rapidspin,knockoff
Terapagos|Leftovers|TeraShift|terastarstorm,earthpower,protect,calmmind
Ribombee|FocusSash|ShieldDust|pollenpuff,moonblast,allyswitch,speedswap
Hatterene|Leftovers|MagicBounce|psychicnoise,healpulse,trickroom,dazzlinggleam
Spiritomb|Leftovers|Pressure|curse,spite,grudge,shadowsneak
Smeargle|FocusSash|OwnTempo|acupressure,batonpass,spore,lastresort
Klefki|Leftovers|Prankster|fairylock,spikes,thunderwave,foulplay
""".strip().splitlines()
"""Species, item, ability, moves."""
_GROUPS = ((4, 5), (6, 7, 8, 9), (0, 1, 2, 3), ())
"""Sets that come together, by place in `HARD_SETS`: Commander, revival and transformation, traps."""
_TERA = ("Fire", "Water", "Grass", "Ghost", "Stellar", "Steel")


def hard_teams(count: int) -> list[str]:
    """Teams of six hard sets, packed; each holds one of the groups whole."""
    rng = random.Random(0)
    teams = []
    for number in range(count):
        group = _GROUPS[number % len(_GROUPS)]
        others = rng.sample([i for i in range(len(HARD_SETS)) if i not in group], 6 - len(group))
        teams.append("]".join(_packed(HARD_SETS[i], _TERA[(i + number) % 6]) for i in (*group, *others)))
    return teams


def _packed(line: str, tera: str) -> str:
    species, item, ability, moves = line.split("|")
    return f"{species}||{item}|{ability}|{moves}|Serious|84,84,84,84,84,84||||50|,,,,,{tera}"
