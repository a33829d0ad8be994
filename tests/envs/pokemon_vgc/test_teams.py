"""Teams: formats, similarity, files, building, pools; and the simulator's word where it is installed."""

import contextlib
import itertools

import numpy as np
import pytest
from pokemon_helpers import CHAMPIONS, REG_I, needs_simulator

from agentarena.core.errors import BadOption, CorruptRecord, IllegalAction, UsageError
from agentarena.envs.pokemon_vgc import teams
from agentarena.envs.pokemon_vgc.engine import Engine
from agentarena.envs.pokemon_vgc.engine.errors import BadFormat, BadTeam
from agentarena.envs.pokemon_vgc.teams import (
    PokemonSet,
    building,
    format_export,
    pack,
    parse_export,
    pools,
    read_team,
    similarity,
    to_id,
    unpack,
)

TEXT = """\
=== [gen9vgc2025regi] An example ===

Ghost (Flutter Mane) @ Booster Energy
Ability: Protosynthesis
Level: 50
Shiny: Yes
Tera Type: Fairy
EVs: 4 HP / 252 SpA / 252 Spe
Timid Nature
IVs: 0 Atk
- Moonblast
- Shadow Ball
- Icy Wind
- Protect

Incineroar (M) @ Safety Goggles
Ability: Intimidate
Level: 50
Tera Type: Ghost
EVs: 252 HP / 4 Def
Careful Nature
- Fake Out
- Knock Off
- U-turn
- Parting Shot
"""
PACKED = (
    "Ghost|FlutterMane|BoosterEnergy|Protosynthesis|Moonblast,ShadowBall,IcyWind,Protect|Timid|4,,,252,,252||,0,,,,|S|50|,,,,,Fairy"
    "]Incineroar||SafetyGoggles|Intimidate|FakeOut,KnockOff,Uturn,PartingShot|Careful|252,,4,,,|M|||50|,,,,,Ghost"
)


# --- Showdown's formats -------------------------------------------------------------------------------------------------------


def test_export_to_packed_and_back():
    sets = parse_export(TEXT)
    assert [one.species for one in sets] == ["Flutter Mane", "Incineroar"]
    assert (sets[0].nickname, sets[0].evs, sets[0].ivs, sets[0].shiny) == ("Ghost", (4, 0, 0, 252, 0, 252), (31, 0, 31, 31, 31, 31), True)
    assert (sets[1].gender, sets[1].moves[2]) == ("M", "U-turn")
    assert pack(sets) == PACKED
    assert pack(unpack(PACKED)) == PACKED
    assert parse_export(format_export(sets)) == sets
    assert pack(parse_export(format_export(unpack(PACKED)))) == PACKED


def test_either_format_is_read():
    assert pack(read_team(TEXT)) == pack(read_team(f"\n  {PACKED}\n")) == PACKED


def test_names_and_lines_that_people_write():
    (one,) = parse_export(
        "Mr. Mime (Galar) (Mr. Mime-Galar) (F) @ noitem  \r\n~ Hidden Power [Fire]\r\nadamant Nature\r\nHappiness: 3\r\nTrait: Screen Cleaner"
    )
    assert (one.species, one.nickname, one.gender, one.item) == ("Mr. Mime-Galar", "Mr. Mime (Galar)", "F", "")
    assert (one.moves, one.nature, one.happiness, one.ability) == (("Hidden Power Fire",), "adamant", 3, "Screen Cleaner")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the team is empty"),
        ("Incineroar\nLevel: 500", "line 2 of the team, 'Level: 500': expected a number from 1 to 100"),
        ("Incineroar\nEVs: 252 Foo", "as '252 SpA"),
        ("Incineroar\nEVs: 256 HP", "up to 255"),
        ("Incineroar\nIVs: 32 HP", "up to 31"),
        ("Incineroar\nShiny: perhaps", "Yes or No"),
        ("Incineroar\nI like it", "expected a move as '- Protect'"),
        ("Incineroar\n- ", "name of a move"),
        ("@ Leftovers", "expected a species"),
        ("Incineroar\n- a|b", "without |"),
        ("Incineroar\n" + "- Tackle\n" * 30, "more than 24 moves"),
        ("Incineroar\n\n" * 30, "more than 24 Pokémon"),
        ("x" * 30_000, "30000 characters"),
        ("a" * 100, "at most 60 characters"),
        ("Pikachu||x", "Pokémon 1 of the packed team.*expected 12 fields"),
        ("Pikachu|||||||X||||", "gender"),
        ("Pikachu||||||1,2|||||", "six values"),
        ("Pikachu||||||-1,2,3,4,5,6|||||", "number from 0 to 255"),
        ("Pikachu||||||||||1e9|", "number from 1 to 100"),
        ("Pikachu|||||||||||" + "]Pikachu|||||||||||" * 30, "31 Pokémon"),
    ],
)
def test_teams_that_cannot_be_read(text, words):
    with pytest.raises(BadTeam, match=words):
        read_team(text)


def test_what_is_no_text():
    for value in (None, 7, b"Pikachu"):
        with pytest.raises(BadTeam):
            read_team(value)


def test_random_bytes_are_read_or_refused():
    rng = np.random.default_rng(0)
    letters = list(PACKED + TEXT + "\x00\x1bé]|,=-:/\n")
    for _ in range(500):
        text = "".join(rng.choice(letters, rng.integers(1, 200)))
        with contextlib.suppress(BadTeam):
            sets = read_team(text)
            assert pack(unpack(pack(sets))) == pack(sets)


# --- similarity ----------------------------------------------------------------------------------------------------------------


def test_similarity():
    one = parse_export(TEXT)
    full = tuple(PokemonSet(name, moves=("A", "B", "C", "D")) for name in "abcdef")
    assert similarity(full, full) == 1.0
    assert similarity(one, one) == pytest.approx(2 / 6)
    assert similarity(one, full) == 0.0
    other = parse_export(
        TEXT.replace("Timid", "Modest").replace("Moonblast", "Dazzling Gleam").replace("Tera Type: Ghost", "Tera Type: Grass")
    )
    assert similarity(one, other) == similarity(other, one) == pytest.approx((0.8 + 0.9) / 6)


def test_similarity_of_spreads():
    a, b = (PokemonSet("a", moves=tuple("wxyz"), evs=evs) for evs in ((252, 252, 4, 0, 0, 0), (252, 0, 4, 0, 0, 252)))
    assert similarity([a], [b]) == pytest.approx((1 - 0.1 * 504 / 1016) / 6)


# --- files ---------------------------------------------------------------------------------------------------------------------


def test_files_and_folders(tmp_path):
    (tmp_path / "b.txt").write_text(TEXT)
    (tmp_path / "a.packed").write_text(f"{PACKED}\n{PACKED}\n")
    (tmp_path / "notes.md").write_text("no team")
    (one,) = teams.read_teams(tmp_path / "b.txt")
    assert (one.name, one.format, one.team) == ("An example", "gen9vgc2025regi", PACKED)
    assert [team.name for team in teams.read_teams(tmp_path)] == ["a", "a", "An example"]
    (tmp_path / "c.txt").write_text(TEXT + "=== Another ===\nPikachu\nLevel: x\n")
    with pytest.raises(BadTeam, match=r"c\.txt, the team that begins in line 26: line 2 of the team"):
        teams.read_teams(tmp_path / "c.txt")
    (tmp_path / "c.txt").write_text("\n")
    with pytest.raises(BadTeam, match="holds no team"):
        teams.read_teams(tmp_path)
    (tmp_path / "d").mkdir()
    (tmp_path / "latin.txt").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "d", tmp_path / "nowhere.txt", tmp_path / "latin.txt"):
        with pytest.raises(UsageError):
            teams.read_teams(path)


# --- building ------------------------------------------------------------------------------------------------------------------


def offers(*pairs):
    return tuple(building.Offer(f"p{i}", species, item) for i, (species, item) in enumerate(pairs))


def test_clauses_are_kept():
    pool = offers((1, "a"), (1, "b"), (2, "a"), (2, ""), (3, "c"), (3, ""))
    assert building.legal(pool, (), 3) == (0, 1, 2, 3, 4, 5)
    assert building.legal(pool, (0,), 3) == (3, 4, 5)
    assert building.legal(pool, (0, 3), 3) == (4, 5)
    assert building.legal(pool, (0, 3, 5), 3) == ()
    assert building.finish(pool, (0, 3, 5), 3) == "p0]p3]p5"
    for chosen in ((0, 1, 4), (0, 2, 4), (0, 3), (0, 3, 9), (0, 0, 4)):
        with pytest.raises(IllegalAction):
            building.finish(pool, chosen, 3)


def test_a_choice_that_leaves_no_team_is_not_legal():
    """Species 1 has item a alone: whoever takes a for another species cannot bring it."""
    pool = offers((1, "a"), (2, "a"), (2, "b"), (3, "c"))
    assert building.legal(pool, (), 3) == (0, 2, 3)


def test_legal_is_exact():
    """Against all teams of small pools, counted out."""
    rng = np.random.default_rng(1)
    for _ in range(60):
        pool = offers(*((int(rng.integers(6)), "abcde "[rng.integers(6)].strip()) for _ in range(9)))
        whole = set()
        for team in itertools.combinations(range(9), 4):
            items = [pool[i].item for i in team if pool[i].item]
            if len({pool[i].species for i in team}) == 4 and len(set(items)) == len(items):
                whole.add(frozenset(team))
        for chosen in [(), *(tuple(team)[:2] for team in map(sorted, list(whole)[:5]))]:
            expected = tuple(i for i in range(9) if i not in chosen and any({*chosen, i} <= team for team in whole))
            assert building.legal(pool, chosen, 4) == expected


def test_random_building_always_ends_in_a_team():
    rng = np.random.default_rng(2)
    for held_out in (False, True):
        pool = teams.default_pools(CHAMPIONS).offers(rng, held_out=held_out)
        for _ in range(20):
            chosen: list[int] = []
            while options := building.legal(pool, chosen):
                chosen.append(int(rng.choice(options)))
            assert len(unpack(building.finish(pool, chosen))) == 6


# --- pools ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", pools.DEFAULT_FORMATS)
def test_pools_of_the_package(format):
    pool = teams.default_pools(format)
    train, held = pool.train_teams(64), pool.held_out_teams(72)
    assert len(set(train)) == 64
    assert len(set(held)) == 72
    assert pool.train_teams(4) == train[:4]
    sets_of = [{one for team in part for one in team.split("]")} for part in (train, held)]
    assert not sets_of[0] & sets_of[1]
    for team in (*train, *held):
        sets = unpack(team)
        assert len({to_id(one.species) for one in sets}) == 6
        items = [one.item for one in sets if one.item]
        assert len(set(items)) == len(items)
    assert max(similarity(unpack(a), unpack(b)) for a in train[:16] for b in held) < 0.5
    with pytest.raises(BadOption, match="there are 64"):
        pool.train_teams(65)


def test_offers_are_of_one_part(tmp_path):
    pool = teams.default_pools(REG_I)
    rng = np.random.default_rng(3)
    held = {pool.sets[i] for i in pool.held_sets}
    assert set(pool.offers(rng, held_out=True)) <= held
    assert not set(pool.offers(rng)) & held
    assert pool.offers(np.random.default_rng(4)) == pool.offers(np.random.default_rng(4))
    with pytest.raises(BadOption):
        pool.offers(rng, 3)


def test_files_of_pools(tmp_path):
    pool = teams.default_pools(CHAMPIONS)
    pools.write_pools(pool, tmp_path / "pools.json")
    assert pools.read_pools(tmp_path / "pools.json") == pool
    text = (tmp_path / "pools.json").read_text()
    for broken in (
        "{}",
        "[",
        text.replace('"showdown": "0.11.11"', '"showdown": "0.1"'),
        text.replace('"train": [', '"train": [[0, 0, 0, 0, 0, 0],'),
    ):
        (tmp_path / "broken.json").write_text(broken)
        with pytest.raises((CorruptRecord, IllegalAction)):
            pools.read_pools(tmp_path / "broken.json")
    with pytest.raises(BadOption, match="no pools of gen9ou"):
        teams.default_pools("gen9ou")


# --- with the simulator ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine():
    with Engine() as engine:
        yield engine


@needs_simulator
def test_the_simulator_packs_alike(engine):
    assert engine.pack(TEXT) == PACKED
    for format in pools.DEFAULT_FORMATS:
        for team in teams.default_pools(format).train_teams(8):
            assert pack(unpack(team)) == team
            assert engine.pack(format_export(teams.spelled(engine, team))) == team.replace("|N|", "||")


@needs_simulator
def test_illegal_teams_have_reasons(engine):
    team = teams.default_pools(REG_I).train_teams(1)[0]
    assert teams.team_problems(engine, REG_I, team) == []
    assert teams.legal_team(engine, REG_I, format_export(unpack(team)))
    with pytest.raises(BadTeam, match=r"may not be played in gen9vgc2025regi: .*Spore"):
        teams.legal_team(engine, REG_I, TEXT.replace("Moonblast", "Spore"))
    with pytest.raises(BadFormat):
        teams.team_problems(engine, "gen9vgc1999", team)


@needs_simulator
@pytest.mark.parametrize("format", pools.DEFAULT_FORMATS)
def test_all_teams_of_the_package_are_legal(engine, format):
    pool = teams.default_pools(format)
    assert engine.validate_many(format, [*pool.train_teams(64), *pool.held_out_teams(72)]) == [[]] * 136


@needs_simulator
@pytest.mark.slow
@pytest.mark.parametrize("format", pools.DEFAULT_FORMATS)
def test_the_pools_of_the_package_are_made_again(engine, format):
    assert teams.generate_pools(engine, format) == teams.default_pools(format)


@needs_simulator
def test_pools_are_a_function_of_the_seed(engine):
    one, same, other = (teams.generate_pools(engine, CHAMPIONS, seed, train=4, held_out=4, calls=30) for seed in (1, 1, 2))
    assert one == same != other
    with pytest.raises(BadOption, match="more calls"):
        teams.generate_pools(engine, CHAMPIONS, 1, train=64, held_out=9999, calls=4)
