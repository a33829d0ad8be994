"""PokemonVGC-v0 on the simulator: copies, honest copies, refused choices, array rules, environments, players."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from pokemon_helpers import needs_simulator

import agentarena as aa
from agentarena.agents.arrays import RandomPolicy
from agentarena.check.fingerprint import fingerprint
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, MatchOver, ServiceGone, UsageError
from agentarena.envs.pokemon_vgc import PokemonVGC, State
from agentarena.envs.pokemon_vgc.batch import VGCBatch
from agentarena.envs.pokemon_vgc.engine import shared

pytestmark = needs_simulator
TRAPPER = "|gothitelle|choicescarf|shadowtag|psychic,protect,trickroom,helpinghand|Modest|252,,,252,4,||||50|,,,,,Psychic"


def step(game: PokemonVGC, state: State, rng: np.random.Generator) -> State:
    return game.step(state, {seat: game.legal(state, seat).sample(rng) for seat in game.to_move(state)}, rng)  # type: ignore[union-attr]


def ahead(game: PokemonVGC, steps: int, seed: int = 0) -> State:
    """A state some random steps into a match."""
    rng = np.random.default_rng(seed)
    state = game.start(rng)
    for _ in range(steps):
        state = step(game, state, rng)
    return state


def finish(game: PokemonVGC, state: State, seed: int = 0) -> tuple[Any, str]:
    """What both sides see to the end of a random play, and the digest of the whole battle."""
    rng, seen = np.random.default_rng(seed), []
    while game.to_move(state):
        seen.append(fingerprint([game.observe(state, seat) for seat in (0, 1)]))
        state = step(game, state, rng)
    digest = game.engine.digest(state.run.battle)  # type: ignore[arg-type]
    game.release(state)
    return seen, digest


@pytest.mark.parametrize("options", [{}, {"format": "reg-i", "sheets": "closed"}, {"format": "random-doubles"}])
def test_copies_go_on_as_the_battle_does(options: dict[str, Any]) -> None:
    game = PokemonVGC(**options)
    state = ahead(game, 4)
    copies = [game.fork(state), game.unpack(game.pack(state)), pickle.loads(pickle.dumps(state))]
    other = game.fork(state, np.random.default_rng(5))
    expected = finish(game, state)
    assert [finish(game, copy) for copy in copies] == [expected] * 3
    assert finish(game, other)[1] != expected[1], "its chance is another"


def test_a_state_is_spent_by_a_step_and_released_once() -> None:
    game = PokemonVGC()
    before = ahead(game, 3)
    after = step(game, before, np.random.default_rng(0))
    with pytest.raises(UsageError, match="the battle has gone on"):
        step(game, before, np.random.default_rng(0))
    with pytest.raises(UsageError, match="the battle has gone on"):
        game.fork(before)
    game.release(after)
    game.release(after)
    with pytest.raises(UsageError, match="is released"):
        step(game, after, np.random.default_rng(0))


@pytest.mark.parametrize("sheets", ["open", "closed"])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_an_imagined_battle_looks_like_the_true_one_and_is_drawn_from_what_the_seat_knows(sheets: str, steps: int) -> None:
    game = PokemonVGC(sheets=sheets)
    state = ahead(game, steps)
    seat = 0
    view = View(game, state, seat)
    assert view.can_imagine
    one, same, other = (view.imagine(np.random.default_rng(seed)) for seed in (1, 1, 2))
    for imagined in (one, same, other):
        assert fingerprint(game.observe(imagined, seat)) == fingerprint(game.observe(state, seat))
        assert game.to_move(imagined) == game.to_move(state)
        assert game.text.view(imagined, seat) == game.text.view(state, seat)
    again = game.resample(one, seat, np.random.default_rng(1))
    digests = [finish(game, imagined, 3)[1] for imagined in (one, same, again)]
    assert digests[0] == digests[1], "the same draws give the same battle"
    assert digests[0] == digests[2], "nothing but what the seat knows counts"
    game.release(other)
    assert finish(game, state)[0]


def test_a_view_that_is_over_cannot_imagine_and_travels_without_the_battle() -> None:
    game = PokemonVGC()
    state = ahead(game, 3)
    view = View(game, state, 1)
    sent = pickle.loads(pickle.dumps(view))
    assert not sent.can_imagine
    assert sent.text == view.text
    assert np.array_equal(sent.observation, view.observation)
    assert sent.legal.listed == view.legal.listed  # type: ignore[union-attr]
    view.expire()
    with pytest.raises(MatchOver):
        view.imagine(np.random.default_rng(0))
    game.release(state)


def test_a_trap_that_is_revealed_is_asked_about_again_and_the_other_side_waits() -> None:
    team = str(PokemonVGC(format="reg-i").start(np.random.default_rng(0)).teams[0])
    trappers = f"{TRAPPER}]{TRAPPER.replace('gothitelle', 'gothita')}"
    game = PokemonVGC(format="gen9doublescustomgame", sheets="closed", teams=team, foe_teams=trappers)
    rng = np.random.default_rng(0)
    state = game.start(rng)
    for _ in range(40):
        if state.reveals[0] or not game.to_move(state):
            break
        actions = {seat: game.legal(state, seat).sample(rng) for seat in game.to_move(state)}  # type: ignore[union-attr]
        update = state.update
        if update is not None and update.sides[0].kind == "move":
            pairs = game.legal(state, 0).listed  # type: ignore[union-attr]
            actions[0] = next((pair for pair in pairs if 1 <= pair[0] <= 6), actions[0])
        turn = 0 if update is None else update.turn
        state = game.step(state, actions, rng)
    assert state.reveals == (1, 0)
    assert game.to_move(state) == (0,)
    assert state.update.turn == turn  # type: ignore[union-attr]
    assert game.diagnostics(state, 0)["revealed"] == 1
    assert game.diagnostics(state, 1)["revealed"] == 0
    assert [(event.kind, event.audience) for event in game.news(state) if event.kind == "refused"] == [("refused", (0,))]
    assert not any(1 <= pair[0] <= 6 for pair in game.legal(state, 0).listed), "what is revealed is known"  # type: ignore[union-attr]
    copy = game.unpack(game.pack(state))
    assert game.legal(copy, 0).listed == game.legal(state, 0).listed  # type: ignore[union-attr]
    assert finish(game, copy) == finish(game, state)


def test_battles_end_by_the_cap_on_turns() -> None:
    game = PokemonVGC(max_turns=1)
    state = ahead(game, 2)
    while game.to_move(state):
        state = step(game, state, np.random.default_rng(0))
    assert game.truncated(state)
    assert game.rewards(state) == (0.0, 0.0)
    assert "cut short" in game.text.look(state, 0)
    (record,) = aa.play("PokemonVGC-v0", ["random", "random"], matches=1, max_turns=1).records
    assert record.outcome == "truncated"


def test_array_rules_play_what_the_scalar_rules_play() -> None:
    """The same seed and choices: the same observations, masks and rewards, battle by battle."""
    game, size = PokemonVGC(), 5
    batch = VGCBatch(game)
    state = batch.start(size, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    scalars = [game.start(rng) for _ in range(size)]
    draws = np.random.default_rng(4)
    for _ in range(200):
        if batch.over(state).all():
            break
        moving = batch.to_move(state)
        for row, scalar in enumerate(scalars):
            assert tuple(np.flatnonzero(moving[row])) == game.to_move(scalar)
            for seat in (0, 1):
                assert np.array_equal(batch.observe(state, seat)[row], game.observe(scalar, seat))
                mask = game.legal(scalar, seat).mask((55, 55)).ravel() if moving[row, seat] else np.zeros(55 * 55)  # type: ignore[union-attr]
                assert np.array_equal(batch.legal(state)[row, seat], mask)
        actions = (batch.legal(state) * draws.random((size, 2, 55 * 55))).argmax(-1)
        state = batch.step(state, actions, rng)
        for row, scalar in enumerate(scalars):
            if seats := game.to_move(scalar):
                chosen = {seat: batch.scalar_action(state, row, seat, actions[row, seat]) for seat in seats}
                scalars[row] = game.step(scalar, chosen, rng)
                assert tuple(batch.rewards(state)[row]) == game.rewards(scalars[row])
            else:
                assert not batch.rewards(state)[row].any()
    assert batch.over(state).all()


def test_vectors_play_pairs_on_array_rules() -> None:
    vec = aa.make_vec("PokemonVGC-v0", 3, opponents=[RandomPolicy()], seed=0)
    seen, _ = vec.reset()
    rng = np.random.default_rng(0)
    for _ in range(40):
        assert seen["joint_mask"].shape == (3, 55, 55)
        assert seen["action_mask"].shape == (3, 110)
        pairs = [rng.choice(np.argwhere(mask)) if mask.any() else (0, 0) for mask in seen["joint_mask"]]
        seen, _, _, _, infos = vec.step(np.array(pairs))
        assert not infos["forfeit"].any()
    vec.close()


def test_infos_hold_digest_and_input_log_on_request() -> None:
    env = aa.make_parallel("PokemonVGC-v0", trace=True)
    _, infos = env.reset(seed=0)
    info = infos["player_0"]
    assert len(info["digest"]) == 64
    assert info["input_log"][0].startswith(">")
    env.close()
    _, infos = aa.make_parallel("PokemonVGC-v0").reset(seed=0)
    assert {"turn", "revealed", "reveals"} <= set(infos["player_0"])
    assert "digest" not in infos["player_0"]


def test_teams_come_from_where_the_options_say(tmp_path: Any) -> None:
    team = str(PokemonVGC(teams="1").start(np.random.default_rng(0)).teams[0])
    species = [one["species"] for one in shared().unpack(team)]
    path = tmp_path / "team.packed"
    path.write_text(
        "]".join(
            f"Bob {number}|{one.split('|')[1] or one.split('|')[0]}|{one.split('|', 2)[2]}" for number, one in enumerate(team.split("]"))
        )
    )
    state = PokemonVGC(teams=str(path), foe_teams="heldout").start(np.random.default_rng(0))
    assert [one["species"] for one in shared().unpack(str(state.teams[0]))] == species
    assert "Bob" not in str(state.teams[0]) + PokemonVGC().text.view(state, 1, PokemonVGC().news(state))
    assert [one["species"] for one in shared().unpack(str(state.teams[1]))] != species
    mirrored = PokemonVGC(mirror=True).start(np.random.default_rng(0))
    assert mirrored.teams[0] == mirrored.teams[1]
    with pytest.raises(aa.errors.ArenaError, match="Pikachu"):
        PokemonVGC(teams="Pikachu|||static|splash|||||||").start(np.random.default_rng(0))


def test_a_team_can_be_built_of_an_offer() -> None:
    (record,) = aa.play("PokemonVGC-v0", ["random", "pokemonvgc/heuristic"], matches=1, preset="team-building").records
    assert record.outcome == "won"
    assert not record.faults
    game = PokemonVGC(team_building=12)
    state = game.start(np.random.default_rng(0))
    assert "1 " in game.text.look(state, 0)
    assert not game.observe(state, 0)[:100].any()
    first = game.legal(state, 0).listed[0]  # type: ignore[union-attr]
    state = game.step(state, {0: first, 1: game.legal(state, 1).listed[0]}, np.random.default_rng(0))  # type: ignore[union-attr]
    assert "(taken)" in game.text.look(state, 0)
    assert first[0] not in {number for pair in game.legal(state, 0).listed for number in pair}  # type: ignore[union-attr]
    twin = game.resample(state, 0, np.random.default_rng(0))
    assert twin.picks[0] == state.picks[0]
    assert len(twin.picks[1]) == 2
    with pytest.raises(aa.errors.NotSupported, match="team_building"):
        game.batch()


def test_rule_based_players_beat_random_play() -> None:
    for name in ("pokemonvgc/max_damage", "pokemonvgc/heuristic"):
        results = aa.play("PokemonVGC-v0", [name, "random"], matches=10, seed=3)
        assert sum(record.returns[[seat.agent for seat in record.seats].index(name)] > 0 for record in results.records) >= 8
        assert not any(record.faults for record in results.records)


def test_a_player_on_arrays_plays_as_it_does_alone() -> None:
    vec = aa.make_vec("PokemonVGC-v0", 2, opponents="pokemonvgc/max_damage", seed=1)
    seen, _ = vec.reset()
    assert type(vec.engine).__name__ == "ArrayEngine"
    pairs = np.array([np.argwhere(mask)[0] for mask in seen["joint_mask"]])
    vec.step(pairs)
    assert not vec.engine.forfeits.any()
    vec.close()


def test_records_verify_and_an_engine_that_fails_blames_no_seat(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    path = tmp_path / "matches.jsonl"
    aa.play("PokemonVGC-v0", ["random", "random"], matches=2, out=path)
    from agentarena.core.replay import verify

    assert verify(path).ok
    from agentarena.envs.pokemon_vgc.engine.errors import EngineCrashed

    engine = shared(1, False)
    monkeypatch.setattr(engine, "submit", lambda items: type("Gone", (), {"result": lambda self: [EngineCrashed("gone")] * len(items)})())
    with pytest.raises(ServiceGone, match="the engine failed in a battle: gone"):
        aa.play("PokemonVGC-v0", ["random", "random"], matches=1)


def test_options_that_no_format_has_are_refused() -> None:
    with pytest.raises((BadOption, UsageError), match="gen9nosuchformat"):
        PokemonVGC(format="gen9nosuchformat", teams=TRAPPER).start(np.random.default_rng(0))
