"""Random play of Werewolf in numbers: tables of specification "werewolf_lspo" section 3, closed forms, and two independent programs."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction as F

import numpy as np
import pytest
from scipy import stats

from agentarena.core.errors import NotSupported
from agentarena.core.rng import stream
from agentarena.envs.werewolf import Werewolf
from agentarena.envs.werewolf.analysis.random_play import exile_chance, majority_chance, simulate, tie_sizes
from agentarena.envs.werewolf.solver import solve, village_win, wolf_hit_chance

PLAIN = {"seer": False, "doctor": False}

PARITY_BY_DAY = {  # section 3.3
    (3, 1): F(1, 3), (4, 1): F(1, 4), (5, 1): F(7, 15), (5, 2): F(2, 15), (6, 1): F(3, 8), (6, 2): F(1, 12), (7, 1): F(19, 35),
    (7, 2): F(8, 35), (7, 3): F(2, 35), (8, 1): F(29, 64), (8, 2): F(5, 32), (8, 3): F(1, 32), (9, 1): F(187, 315), (9, 2): F(94, 315),
    (9, 3): F(4, 35), (10, 1): F(65, 128), (10, 2): F(69, 320), (10, 3): F(11, 160), (11, 1): F(437, 693), (11, 2): F(244, 693),
    (11, 3): F(38, 231),
}  # fmt: skip

MAFIA_WINS = {  # section 3.2, after Migdal
    (3, 1): F(2, 3), (3, 2): F(1), (4, 1): F(3, 8), (4, 2): F(3, 4), (4, 3): F(1), (5, 1): F(8, 15), (5, 2): F(13, 15), (5, 3): F(1),
    (6, 1): F(5, 16), (6, 2): F(5, 8), (6, 3): F(7, 8), (7, 1): F(16, 35), (7, 2): F(27, 35), (7, 3): F(33, 35), (8, 1): F(35, 128),
    (8, 2): F(35, 64), (8, 3): F(25, 32), (9, 1): F(128, 315), (9, 2): F(221, 315), (9, 3): F(31, 35), (10, 1): F(63, 256),
    (10, 2): F(63, 128), (10, 3): F(91, 128), (11, 1): F(256, 693), (11, 2): F(449, 693), (11, 3): F(193, 231),
}  # fmt: skip

WITH_ROLES = {  # section 3.4: players, wolves -> without doctor, with one who may save himself, with one who may not
    (4, 1): (F(1, 3), F(47, 144), F(35, 108)),
    (5, 1): (F(1, 4), F(391, 1200), F(601, 1920)),
    (6, 1): (F(7, 15), F(617, 1350), F(2731, 6000)),
    (6, 2): (F(2, 15), F(1867, 14400), F(44369, 345600)),
    (7, 2): (F(1, 12), F(343117, 2646000), F(4187501, 34020000)),
    (8, 2): (F(8, 35), F(22501651, 101606400), F(402508277, 1828915200)),
}

VARIANTS = [  # section 3.4, to the digits printed there
    ({"abstain": True}, 0.128361, 6),
    ({"abstain": True, "self_save": False}, 0.121855, 6),
    ({"majority": True}, 0.032955, 6),
    ({"majority": True, "self_save": False}, 0.031528, 6),
    ({"preset": "arena8"}, 0.036723, 6),
    ({"wolves_win": "more", "abstain": True}, 0.302829, 6),
    ({"preset": "aiwolf5"}, 7 / 15, 9),
    ({"preset": "aiwolf13"}, 0.199828, 6),
    ({"preset": "lspo7"}, 343117 / 2646000, 12),
    ({"preset": "lspo4"}, 1 / 3, 12),
    ({"preset": "kaggle7"}, 4187501 / 34020000, 12),
    ({"preset": "textarena7"}, 4187501 / 34020000, 12),
    ({"preset": "mini4"}, 1 / 3, 12),
]


@pytest.mark.parametrize(("at", "wins"), PARITY_BY_DAY.items())
def test_parity_rule_by_day(at, wins):
    players, wolves = at
    assert village_win(players=players, wolves=wolves, start="day", **PLAIN) == wins
    if wolves * 2 < players:  # the row of n by day is the row of n + 1 by night
        assert village_win(players=players + 1, wolves=wolves, **PLAIN) == wins


@pytest.mark.parametrize(("at", "wins"), MAFIA_WINS.items())
def test_extinction_rule_by_day(at, wins):
    players, wolves = at
    assert 1 - village_win(players=players, wolves=wolves, start="day", wolves_win="extinction", **PLAIN) == wins


@pytest.mark.parametrize("players", [12, 17, 24])
@pytest.mark.parametrize("wolves", [1, 2, 4])
def test_extinction_rule_closed_form(players, wolves):
    """sum_j (-1)^j C(m, j) prod_{k = n, n-2, ..., >= 2} (k - j) / k."""
    closed = sum(
        (-1) ** j * math.comb(wolves, j) * math.prod((F(k - j, k) for k in range(players, 1, -2)), start=F(1)) for j in range(wolves + 1)
    )
    assert village_win(players=players, wolves=wolves, start="day", wolves_win="extinction", **PLAIN) == closed


@pytest.mark.parametrize(("at", "wins"), WITH_ROLES.items())
@pytest.mark.parametrize("seer", [True, False])
def test_rows_with_roles(at, wins, seer):
    players, wolves = at
    settings = ({"doctor": False}, {"doctor": True}, {"doctor": True, "self_save": False})
    assert tuple(village_win(players=players, wolves=wolves, seer=seer, **setting) for setting in settings) == wins


@pytest.mark.parametrize(("options", "wins", "digits"), VARIANTS)
def test_variants_and_presets(options, wins, digits):
    assert round(float(village_win(Werewolf.build(**options))), digits) == pytest.approx(wins, abs=10**-digits)


def test_lengths_survival_and_accuracy_of_lspo7():
    """Section 3.4: outcomes by number of votes held, P(alive at the end), pooled accuracy of votes."""
    solution = solve(Werewolf.build("lspo7"))
    assert solution.outcomes["wolves", 1] == F(88, 175)
    assert solution.outcomes["wolves", 2] == F(28561, 110250)
    assert solution.outcomes["village", 2] == F(607, 7875)
    assert [round(float(solution.outcomes[at]), 6) for at in (("wolves", 3), ("wolves", 4), ("village", 3), ("village", 4))] == [
        0.103922, 0.004445, 0.050366, 0.002206,
    ]  # fmt: skip
    assert solution.alive["villager"] == F(185173, 504000)
    assert [round(float(solution.alive[role]), 6) for role in ("werewolf", "doctor")] == [0.737957, 0.369576]
    assert round(float(solution.accuracy), 6) == 0.386327
    expected = [solve(Werewolf.build(doctor=doctor, self_save=own)).votes for doctor, own in ((0, True), (1, True), (1, False))]
    assert expected[0] == F(4, 3)
    assert [round(float(votes), 6) for votes in expected[1:]] == [1.664937, 1.6223]
    assert round(float(solve(Werewolf.build("arena8")).votes), 3) == 3.562


@pytest.mark.parametrize(
    ("n", "leader", "majority"),
    [
        (3, F(3, 4), F(3, 4)),
        (4, F(20, 27), F(4, 27)),
        (5, F(85, 128), F(65, 256)),
        (6, F(1818, 3125), F(126, 3125)),
        (7, F(25067, 46656), F(1421, 23328)),
        (8, F(431104, 823543), F(6392, 823543)),
    ],
)
def test_a_unique_leader_and_a_majority(n, leader, majority):
    """Section 3.1."""
    assert tie_sizes(n, n, False, False)[1] == leader
    assert exile_chance(n, "nobody", False, False, False, 1, "random") == leader
    assert majority_chance(n, False, False) == majority


@pytest.mark.parametrize(("n", "k"), [(n, k) for n in range(2, 6) for k in range(2, n + 1)])
@pytest.mark.parametrize("abstain", [False, True])
@pytest.mark.parametrize("self_vote", [False, True])
def test_tie_sizes_by_trying_all_ballots(n, k, abstain, self_vote):
    options = [[c for c in range(k) if self_vote or c != voter] + [k] * abstain for voter in range(n)]
    weight = F(1, math.prod(map(len, options)))
    sizes: dict[int, F] = {}
    for ballot in itertools.product(*options):
        counts = [ballot.count(c) for c in range(k)]
        size = counts.count(max(counts)) if max(counts) else 0
        sizes[size] = sizes.get(size, F(0)) + weight
    assert tie_sizes(n, k, abstain, self_vote) == sizes


@pytest.mark.parametrize("rule", ["vote", "first"])
def test_wolves_who_may_attack_each_other(rule):
    """Three wolves among five: every triple of proposals tried."""
    total = F(0)
    for made in itertools.product(*[[t for t in range(5) if t != wolf] for wolf in range(3)]):
        most = max(map(made.count, made))
        leaders = [target for target in dict.fromkeys(made) if made.count(target) == most]
        hits = [target < 3 for target in leaders]
        total += F(1, 64) * (F(hits[0]) if rule == "first" else F(sum(hits), len(hits)))
    assert wolf_hit_chance(rule, 3, 2) == total


def test_seven_voting_wolves_who_may_attack_each_other_are_declined():
    with pytest.raises(NotSupported, match="7 voting wolves"):
        village_win(players=20, wolves=7, wolf_rule="vote", wolf_targets="others", **PLAIN)


def test_the_solver_stops_at_its_bound_and_tells_of_its_progress():
    """Ten players with all gifted roles have some thousand positions; a bound of 300 ends them at once, with the way out."""
    game = Werewolf.build(players=10, wolves=2, witch=True, hunter=True, guard=True)
    seen = []
    with pytest.raises(NotSupported, match=r"more than 300 positions.*max_positions.*simulate"):
        solve(game, 300, lambda day, positions: seen.append((day, positions)))
    assert seen == [(seen[0][0], 256)]
    assert 1 <= seen[0][0] <= 3
    with pytest.raises(NotSupported, match="more than 20 positions"):
        village_win("lspo7", max_positions=20)
    assert village_win("lspo7", max_positions=24) == F(343117, 2646000)  # it has 24


# --- the array simulator, which casts every vote, and the rules themselves --------------------------------------------------

ROWS = [
    *({"players": n, "wolves": m, "start": "day", **PLAIN} for n, m in ((5, 1), (8, 2), (11, 3))),
    *({"players": n, "wolves": m, "start": "day", "wolves_win": "extinction", **PLAIN} for n, m in ((6, 2), (9, 3))),
    *({"players": n, "wolves": m, "doctor": True, "self_save": own} for n, m in ((4, 1), (6, 2), (8, 2)) for own in (True, False)),
    *({"preset": name} for name in Werewolf.presets),
    {"abstain": True}, {"majority": True}, {"tie": "nobody"}, {"tie": "revote", "revote_tie": "nobody", "abstain": True},
    {"wolves_win": "more", "abstain": True}, {"self_vote": True, "tie": "nobody"}, {"max_days": 1}, {"first_attack": False},
    {"wolves": 3, "wolf_targets": "others", "wolf_rule": "vote", "wolves_win": "extinction"},
    {"wolves": 3, "wolf_targets": "others", "wolf_rule": "first", "wolves_win": "more"},
    {"wolves": 2, "wolf_targets": "others", "tie": "nobody", "abstain": True},
    {"players": 8, "witch": True}, {"players": 8, "witch": True, "witch_self": False, "doctor": False},
    {"players": 8, "hunter": True, "wolves": 3}, {"players": 8, "guard": True, "doctor": False}, {"players": 8, "repeat_save": False},
    {"players": 9, "wolves": 3, "hunter": True, "witch": True, "guard": True, "guard_self": False, "doctor": False},
    {"players": 7, "guard": True, "repeat_save": False, "self_save": False, "hunter": True, "majority": True},
]  # fmt: skip


def name_of(options):
    return ",".join(f"{key}={value}" for key, value in options.items()) or "default"


@pytest.mark.parametrize("options", ROWS, ids=name_of)
def test_the_simulator_agrees_with_the_solver(options):
    """4.5 standard errors of 20,000 matches; lengths by chi-square."""
    game = Werewolf.build(**options)
    exact, matches = solve(game), 20_000
    played = simulate(game, matches, stream(5))
    for winner, chance in (("village", exact.village), ("nobody", exact.truncated)):
        error = math.sqrt(float(chance * (1 - chance)) / matches)
        assert abs(played.share(winner) - float(chance)) <= 4.5 * error + 1e-9
    often = [at for at, chance in exact.outcomes.items() if chance * matches >= 10]
    expected = np.array([float(exact.outcomes[at]) * matches for at in often])
    counts = np.array([played.outcomes[at] for at in often], float)
    rest = matches - expected.sum(), matches - counts.sum()
    if rest[0] >= 1:
        expected, counts = np.append(expected, rest[0]), np.append(counts, rest[1])
    assert len(often) == 1 or stats.chisquare(counts, expected * counts.sum() / expected.sum()).pvalue > 1e-5
    for role, chance in exact.alive.items():
        spread = math.sqrt(float(chance * (1 - chance)) / played.dealt[role]) * math.sqrt(played.dealt[role] / matches)
        assert abs(played.alive[role] / played.dealt[role] - float(chance)) <= 5 * spread + 1e-9 or role == "villager"
    assert abs(played.hits / played.cast - float(exact.accuracy)) < 0.02


def random_match(game, rng):
    """The last state of one match of random play."""
    state = game.start(rng)
    while state.to_move:
        legal = {seat: game.legal(state, seat) for seat in state.to_move}
        state = game.step(state, {seat: moves[int(rng.random() * len(moves))] for seat, moves in legal.items()}, rng)
    return state


@pytest.mark.parametrize("options", ROWS, ids=name_of)
def test_the_rules_agree_with_the_solver(options):
    """4.5 standard errors of 600 matches of the environment itself; speech is left out, which changes nothing."""
    game = Werewolf.build(**{**options, "discussion": "none", "names": "numbers"})
    exact, matches, rng = solve(game), 600, stream(6)
    last = [random_match(game, rng) for _ in range(matches)]
    for winner, chance in (("village", exact.village), ("nobody", exact.truncated)):
        error = math.sqrt(float(chance * (1 - chance)) / matches)
        assert abs(sum(state.winner == winner for state in last) / matches - float(chance)) <= 4.5 * error + 1e-9
    spread = math.sqrt(sum(float(p) * (n - float(exact.votes)) ** 2 for (_, n), p in exact.outcomes.items()) / matches)
    assert abs(sum(state.outcome.votes_held for state in last) / matches - float(exact.votes)) <= 4.5 * spread + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("name", Werewolf.presets)
def test_presets_with_speech_agree_with_the_solver(name):
    """4.5 standard errors of the environment itself, everything left in."""
    game = Werewolf.build(name)
    chance, matches, rng = float(solve(game).village), 250, stream(7)
    wins = sum(random_match(game, rng).winner == "village" for _ in range(matches))
    assert abs(wins / matches - chance) <= 4.5 * math.sqrt(chance * (1 - chance) / matches)


def test_lspo7_to_a_hundredth():
    """Specification section 3.6: 18,058 matches give 0.01 at four standard errors."""
    game = Werewolf.build("lspo7", discussion="none", names="numbers")
    rng, matches = stream(8), 4000
    last = [random_match(game, rng) for _ in range(matches)]
    exact = solve(game)
    often = [at for at, chance in exact.outcomes.items() if chance * matches >= 5]
    counts = [sum((state.winner, state.outcome.votes_held) == at for state in last) for at in often]
    expected = [float(exact.outcomes[at]) * matches for at in often]
    scale = sum(counts) / sum(expected)
    assert stats.chisquare(counts, [count * scale for count in expected]).pvalue > 1e-4


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"abstain": True},
        {"tie": "nobody"},
        {"majority": True},
        {"start": "day", "wolves_win": "extinction", "players": 3},
        {"witch": True, "hunter": True},
        {"witch": True, "witch_self": False},
        {"hunter": True, "guard": True, "guard_self": True},
    ],
    ids=name_of,
)
def test_mini4_by_listing_every_outcome(options):
    """Every deal, choice, vote and tie of the environment, weighed exactly: the same fraction as the solver's, as a float."""
    game = Werewolf.build("mini4", **{"max_days": 2, "seer": False, **options})
    worth: dict[object, float] = {}

    def value(state):
        """Chance that the village wins from here under random play."""
        if not state.to_move:
            return float(state.winner == "village")
        key = (state.roles, state.alive, state.phase, state.day, state.cast, state.night, state.shot)
        if key not in worth:
            legal = [game.legal(state, seat) for seat in state.to_move]
            joint = list(itertools.product(*legal))
            worth[key] = sum(
                probability * value(after)
                for moves in joint
                for probability, after in game.chance(state, dict(zip(state.to_move, moves, strict=True)))
            ) / len(joint)
        return worth[key]

    total = sum(probability * value(state) for probability, state in game.chance(None, None))
    assert total == pytest.approx(float(village_win(game)), abs=1e-12)


def test_too_many_outcomes_are_declined():
    with pytest.raises(NotSupported, match="outcomes to list"):
        Werewolf.build("lspo7").chance(None, None)
