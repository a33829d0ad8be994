"""Teams in Showdown's two formats: the export format that people paste, and the packed format that the simulator takes.

Pure and bounded: it knows how teams are spelled, not which are legal (`validate.py` asks the simulator). Errors name the line.

    Flutter Mane @ Booster Energy          Flutter Mane||boosterenergy|protosynthesis|moonblast,...|Timid|...
    Ability: Protosynthesis
    Level: 50
    Tera Type: Fairy
    EVs: 4 HP / 252 SpA / 252 Spe
    Timid Nature
    - Moonblast
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentarena.core.display import printable, shown
from agentarena.envs.pokemon_vgc.engine.errors import BadTeam

__all__ = ["LONGEST", "STATS", "PokemonSet", "format_export", "pack", "parse_export", "read_team", "to_id", "unpack"]

LONGEST = 20_000
"""Longest team in either format, in characters."""
_MOST_SETS = 24
_MOST_MOVES = 24
_LONGEST_NAME = 60
STATS = ("HP", "Atk", "Def", "SpA", "SpD", "Spe")
_STAT_IDS = {name.lower(): index for index, name in enumerate(STATS)} | {"spc": 3, "sp": 3}
_NO_IVS = (31,) * 6
_NO_EVS = (0,) * 6
_NAME = re.compile(r"[^|\]\[,\x00-\x1f\x7f]*")
_HEADER = re.compile(r"===.*===")


@dataclass(frozen=True, slots=True)
class PokemonSet:
    """One Pokémon of a team, as its trainer writes it down.

    Attributes:
        species: Species with its forme, e.g. `Urshifu-Rapid-Strike`.
        nickname: Its own name; empty for none.
        item, ability, nature, tera_type: Names; empty for none.
        moves: Names of the moves.
        evs: Effort values of HP, Atk, Def, SpA, SpD, Spe; stat points in the formats of Champions.
        ivs: Individual values, 31 unless set.
        gender: `M`, `F`, `N` or empty.
        level: 1 to 100.
        shiny, happiness, pokeball, hidden_power, gigantamax, dynamax_level: As in Showdown.
    """

    species: str
    nickname: str = ""
    item: str = ""
    ability: str = ""
    moves: tuple[str, ...] = ()
    nature: str = ""
    evs: tuple[int, ...] = _NO_EVS
    ivs: tuple[int, ...] = _NO_IVS
    gender: str = ""
    level: int = 100
    tera_type: str = ""
    shiny: bool = False
    happiness: int = 255
    pokeball: str = ""
    hidden_power: str = ""
    gigantamax: bool = False
    dynamax_level: int = 10


def to_id(name: str) -> str:
    """The id of a name: its letters and digits, small.

    >>> to_id("King's Rock"), to_id("Urshifu-Rapid-Strike")
    ('kingsrock', 'urshifurapidstrike')
    """
    return re.sub(r"[^a-z0-9]+", "", name.lower())


def read_team(text: str) -> tuple[PokemonSet, ...]:
    """A team in either format.

    Raises:
        BadTeam: It is in neither.
    """
    lines = [line for line in _bounded(text).splitlines() if line.strip()]
    if len(lines) == 1 and "|" in lines[0]:
        return unpack(lines[0].strip())
    return parse_export(text)


# --- the export format --------------------------------------------------------------------------------------------------------


def parse_export(text: str) -> tuple[PokemonSet, ...]:
    """The sets of a team in the export format. A line of three or more equal signs on both ends is a title and is skipped.

    Raises:
        BadTeam: A line cannot be read; the message names it.
    """
    sets: list[PokemonSet] = []
    current: PokemonSet | None = None
    for number, raw in enumerate(_bounded(text).splitlines(), 1):
        line = raw.strip()
        try:
            if not line or line == "---" or _HEADER.fullmatch(line):
                sets += [] if current is None else [current]
                current = None
            elif current is None:
                current = _first_line(line)
            else:
                current = _further_line(current, line)
        except ValueError as error:
            raise BadTeam(f"line {number} of the team, {shown(line, 80)}: {error}") from None
        if len(sets) >= _MOST_SETS:
            raise BadTeam(f"line {number} of the team: more than {_MOST_SETS} Pokémon; a team has six")
    sets += [] if current is None else [current]
    if not sets:
        raise BadTeam("the team is empty; it begins with a line such as 'Incineroar @ Safety Goggles'")
    return tuple(sets)


def _first_line(line: str) -> PokemonSet:
    line, _, item = f" {line}".partition(" @ ")
    gender = ""
    line = line.strip()
    if line.endswith((" (M)", " (F)", " (N)")):
        gender, line = line[-2], line[:-4].rstrip()
    nickname, species = "", line
    if line.endswith(")") and "(" in line:
        nickname, species = line[:-1].rsplit("(", 1)
    if not to_id(species):
        raise ValueError("expected a species, e.g. 'Incineroar @ Safety Goggles'")
    item = "" if to_id(item) == "noitem" else item
    return PokemonSet(_name(species), _name(nickname), _name(item), gender=gender)


def _further_line(current: PokemonSet, line: str) -> PokemonSet:
    if line[0] in "-~":
        return _with_move(current, line[1:].strip())
    match = re.fullmatch(r"([A-Za-z]{1,20}) [Nn]ature", line)
    if match:
        return replace(current, nature=match[1])
    key, colon, value = line.partition(":")
    field = _FIELDS.get(key.strip().lower()) if colon else None
    if field is None:
        raise ValueError(f"expected a move as '- Protect', a nature as 'Jolly Nature', or one of {', '.join(_SPELLED)}")
    name, read = field
    changes: dict[str, Any] = {name: read(value.strip())}
    return replace(current, **changes)


def _with_move(current: PokemonSet, move: str) -> PokemonSet:
    match = re.fullmatch(r"Hidden Power \[(\w+)\]", move)
    move = f"Hidden Power {match[1]}" if match else move
    if not to_id(move):
        raise ValueError("expected the name of a move, e.g. '- Protect'")
    if len(current.moves) >= _MOST_MOVES:
        raise ValueError(f"more than {_MOST_MOVES} moves; a Pokémon has four")
    return replace(current, moves=(*current.moves, _name(move)))


def _name(text: str) -> str:
    text = text.strip()
    if len(text) > _LONGEST_NAME or not _NAME.fullmatch(text):
        raise ValueError(f"expected a name of at most {_LONGEST_NAME} characters without | [ ] and commas")
    return text


def _yes(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("expected Yes or No")
    return text.lower() == "yes"


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,5}", text) or not low <= int(text) <= high:
            raise ValueError(f"expected a number from {low} to {high}")
        return int(text)

    return read


def _stats(default: tuple[int, ...], highest: int) -> Callable[[str], tuple[int, ...]]:
    def read(text: str) -> tuple[int, ...]:
        values = list(default)
        for part in text.split("/"):
            match = re.fullmatch(r"\s*(\d{1,3})\s+([A-Za-z]{2,3})\s*", part)
            stat = _STAT_IDS.get(match[2].lower()) if match else None
            if match is None or stat is None or int(match[1]) > highest:
                raise ValueError(f"expected values up to {highest} as '252 SpA / 4 SpD / 252 Spe'")
            values[stat] = int(match[1])
        return tuple(values)

    return read


_FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "ability": ("ability", _name),
    "trait": ("ability", _name),
    "level": ("level", _number(1, 100)),
    "shiny": ("shiny", _yes),
    "happiness": ("happiness", _number(0, 255)),
    "friendship": ("happiness", _number(0, 255)),
    "pokeball": ("pokeball", _name),
    "hidden power": ("hidden_power", _name),
    "dynamax level": ("dynamax_level", _number(0, 10)),
    "gigantamax": ("gigantamax", _yes),
    "tera type": ("tera_type", _name),
    "evs": ("evs", _stats(_NO_EVS, 255)),
    "ivs": ("ivs", _stats(_NO_IVS, 31)),
}
_SPELLED = ("Ability", "Level", "Tera Type", "EVs", "IVs", "Shiny", "Happiness", "Pokeball", "Hidden Power", "Dynamax Level", "Gigantamax")


def format_export(sets: Sequence[PokemonSet]) -> str:
    """A team in the export format; `parse_export` reads it back, but for the gender `N`, which species imply."""
    return "\n".join(_export(one) for one in sets)


def _export(one: PokemonSet) -> str:
    first = f"{one.nickname} ({one.species})" if one.nickname and one.nickname != one.species else one.species
    first += f" ({one.gender})" if one.gender in ("M", "F") else ""
    first += f" @ {one.item}" if one.item else ""
    lines = [first]
    for title, value, usual in (
        ("Ability", one.ability, ""),
        ("Level", one.level, 100),
        ("Shiny", "Yes" if one.shiny else "", ""),
        ("Happiness", one.happiness, 255),
        ("Pokeball", one.pokeball, ""),
        ("Hidden Power", one.hidden_power, ""),
        ("Dynamax Level", one.dynamax_level, 10),
        ("Gigantamax", "Yes" if one.gigantamax else "", ""),
        ("Tera Type", one.tera_type, ""),
        ("EVs", _spread(one.evs, 0), ""),
    ):
        lines += [f"{title}: {value}"] if value != usual else []
    lines += [f"{one.nature} Nature"] if one.nature else []
    lines += [f"IVs: {_spread(one.ivs, 31)}"] if one.ivs != _NO_IVS else []
    lines += [f"- {move}" for move in one.moves]
    return "\n".join(lines) + "\n"


def _spread(values: Sequence[int], usual: int) -> str:
    return " / ".join(f"{value} {stat}" for value, stat in zip(values, STATS, strict=True) if value != usual)


# --- the packed format --------------------------------------------------------------------------------------------------------


def pack(sets: Sequence[PokemonSet]) -> str:
    """A team in the packed format.

    >>> pack([PokemonSet("Flutter Mane", item="Booster Energy", moves=("Moonblast",), level=50, tera_type="Fairy")])
    'Flutter Mane||BoosterEnergy||Moonblast||||||50|,,,,,Fairy'
    """
    return "]".join(_packed(one) for one in sets)


def _packed(one: PokemonSet) -> str:
    name = one.nickname or one.species
    species = _short(one.species)
    extras = (one.hidden_power, _short(one.pokeball), "G" if one.gigantamax else "", _unless(one.dynamax_level, 10), one.tera_type)
    fields = (
        name,
        "" if _short(name) == species else species,
        _short(one.item),
        _short(one.ability),
        ",".join(map(_short, one.moves)),
        one.nature,
        _values(one.evs, 0),
        one.gender,
        _values(one.ivs, 31),
        "S" if one.shiny else "",
        _unless(one.level, 100),
        _unless(one.happiness, 255) + ("," + ",".join(extras) if any(extras) else ""),
    )
    return "|".join(fields)


def _short(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "", name)


def _unless(value: int, usual: int) -> str:
    return "" if value == usual else str(value)


def _values(values: Sequence[int], usual: int) -> str:
    text = ",".join(_unless(value, usual) for value in values)
    return "" if text == ",,,,," else text


def unpack(packed: str) -> tuple[PokemonSet, ...]:
    """The sets of a packed team. Names that it has squeezed are spelled as well as can be guessed; their ids are exact.

    Raises:
        BadTeam: It is not a packed team; the message names the Pokémon by its number.
    """
    parts = _bounded(packed).split("]")
    if len(parts) > _MOST_SETS:
        raise BadTeam(f"a packed team of {len(parts)} Pokémon; a team has six")
    sets = []
    for number, part in enumerate(parts, 1):
        try:
            sets.append(_unpacked(part))
        except ValueError as error:
            raise BadTeam(f"Pokémon {number} of the packed team, {printable(part, 80)!r}: {error}") from None
    return tuple(sets)


def _unpacked(text: str) -> PokemonSet:
    fields = text.split("|")
    if len(fields) != 12:
        raise ValueError(f"expected 12 fields with | between them, got {len(fields)}")
    name, species, item, ability, moves, nature, evs, gender, ivs, shiny, level, rest = fields
    happiness, hidden_power, pokeball, giant, dynamax, tera = (*rest.split(","), "", "", "", "", "")[:6]
    if not to_id(species or name) or gender not in ("", "M", "F", "N") or rest.count(",") > 5 or moves.count(",") >= _MOST_MOVES:
        raise ValueError("expected a species; a gender of M, F or N; at most four moves")
    return PokemonSet(
        species=_readable(species) if species else _name(name),
        nickname=_name(name) if species else "",
        item=_readable(item),
        ability=_readable(ability),
        moves=tuple(_readable(move) for move in moves.split(",") if move),
        nature=_name(nature),
        evs=_unpacked_values(evs, 0, 255),
        gender=gender,
        ivs=_unpacked_values(ivs, 31, 31),
        shiny=bool(shiny),
        level=_number(1, 100)(level) if level else 100,
        happiness=_number(0, 255)(happiness) if happiness else 255,
        hidden_power=_name(hidden_power),
        pokeball=_readable(pokeball),
        gigantamax=bool(giant),
        dynamax_level=_number(0, 10)(dynamax) if dynamax else 10,
        tera_type=_name(tera),
    )


def _unpacked_values(text: str, usual: int, highest: int) -> tuple[int, ...]:
    if not text:
        return (usual,) * 6
    values = text.split(",")
    if len(values) != 6:
        raise ValueError(f"expected six values with commas, got {shown(text, 40)}")
    return tuple(_number(0, highest)(value) if value else usual for value in values)


def _readable(name: str) -> str:
    """A squeezed name with spaces where capitals and numbers begin."""
    return re.sub(r"\s+", " ", re.sub(r"(\d+)", r" \1 ", re.sub(r"([A-Z])", r" \1", _name(name)))).strip()


def _bounded(text: str) -> str:
    if not isinstance(text, str) or len(text) > LONGEST:
        size = f"{len(text)} characters" if isinstance(text, str) else shown(type(text))
        raise BadTeam(f"a team of {size}; it is a text of at most {LONGEST} characters")
    return text
