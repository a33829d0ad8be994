"""Save, load, fork: copies go on to the same log, and remember what a refused choice has revealed."""

import random

import pytest
from pokemon_helpers import needs_simulator
from worker_helpers import CUSTOM, FORMATS, RANDOM, Worker, action, pair_of, play, without_lines

pytestmark = needs_simulator
EVERYTHING = ["features", "view", "lines"]


@pytest.fixture(scope="module")
def worker():
    with Worker() as process:
        yield process


def copies(worker, battle, update, number):
    """A loaded and a forked copy; both show what the battle shows."""
    names = [f"{battle}-load-{number}", f"{battle}-fork-{number}"]
    snapshot = worker.ok("save", battle=battle)["snapshot"]
    shown = [worker.ok("load", battle=names[0], snapshot=snapshot, want=EVERYTHING), worker.ok("fork", battle=battle, into=names[1])]
    assert [without_lines(copy) for copy in shown] == [without_lines(update)] * 2
    return names


@pytest.mark.parametrize("format", FORMATS)
def test_copies_end_like_the_battle(worker, format):
    rng = random.Random(1)
    update = worker.ok("start", battle=format, format=format, seed="1,2,3,4", teams=pair_of(format, 3), want=EVERYTHING)
    names, step = [], 0
    while not update["over"]:
        if step % 5 == 0 or any(side["again"] for side in update["sides"]):
            names += copies(worker, format, update, step)
        actions = [action(side, rng) for side in update["sides"]]
        update, *others = (
            reply["ok"] for reply in worker.ask(*({"op": "choose", "battle": name, "actions": actions} for name in (format, *names)))
        )
        assert all(without_lines(other) == without_lines(update) for other in others)
        step += 1
    digests = {worker.ok("digest", battle=name)["digest"] for name in (format, *names)}
    assert len(names) >= 4
    assert len(digests) == 1


def test_a_trap_that_a_refused_choice_revealed_is_kept(worker):
    for number in range(40):
        name = f"trap-{number}"
        rng = random.Random(number)
        update = worker.ok(
            "start", battle=name, format=CUSTOM, seed=f"{number},2,3,4", teams=pair_of(CUSTOM, 2), sheets="closed", want=EVERYTHING
        )
        while not update["over"]:
            refused = [side for side in update["sides"] if side["again"]]
            if refused:
                assert refused[0]["kind"] == "move"
                assert update["sides"][1 - update["sides"].index(refused[0])]["kind"] in ("wait", "move")
                copies(worker, name, update, 0)
                return
            update = worker.ok("choose", battle=name, actions=[action(side, rng) for side in update["sides"]])
    pytest.fail("no choice was refused in 40 battles with trappers")


def test_another_seed_gives_another_future(worker):
    start = worker.ok("start", battle="seeds", format=RANDOM, seed="1,2,3,4", want=[])
    play(worker, "seeds", start, random.Random(0), decisions=2)
    ends = set()
    for seed in ("1,1,1,1", "2,2,2,2", "1,1,1,1"):
        worker.ok("fork", battle="seeds", into="other", seed=seed)
        worker.ok("playout", battle="other", seed="9,9,9,9")
        ends.add(worker.ok("digest", battle="other")["digest"])
        worker.ok("drop", battle="other")
    assert len(ends) == 2


def test_a_playout_of_some_turns_stops(worker):
    start = worker.ok("start", battle="short", format=RANDOM, seed="1,2,3,4", want=[])
    result = worker.ok("playout", battle="short", seed="1,2,3,4", turns=2)
    assert result["turn"] == start["turn"] + 2
    assert not result["over"]
    assert all(0 < left <= 6 for left in result["left"])


def test_one_that_transformed_into_a_pokemon_of_fewer_moves_is_restored(worker):
    """The simulator's own restoring fails there."""
    mew = "Mew||Leftovers|Synchronize|transform,protect,psychic,imprison|Serious|252,,,,,||||50|]Pikachu||LightBall|Static|protect|Serious|||||50|"
    ditto = "Ditto||Leftovers|Limber|transform|Serious|252,,,,,||||50|]Snorlax||Leftovers|Immunity|protect|Serious|||||50|"
    start = worker.ok("start", battle="mew", format=CUSTOM, seed="1,2,3,4", teams=[mew, ditto], want=EVERYTHING)
    pick = [1, 2] if start["sides"][0]["kind"] == "preview" else None
    if pick:
        worker.ok("choose", battle="mew", actions=[pick, pick])
    update = worker.ok("choose", battle="mew", actions=[[8, 7], [9, 7]])
    assert len(update["sides"][0]["view"]["own"]["team"][0]["moves"]) >= 1
    names = copies(worker, "mew", update, 0)
    for name in ("mew", *names):
        worker.ok("playout", battle=name, seed="9,9,9,9")
    assert len({worker.ok("digest", battle=name)["digest"] for name in ("mew", *names)}) == 1
