"""What one side receives is byte-equal when hidden facts of the other side change, and so are its determinized forks."""

import random

import pytest
from pokemon_helpers import needs_simulator
from worker_helpers import CHAMPIONS, CUSTOM, RANDOM, REG_I, Worker, action, change_hidden, pair_of, play

pytestmark = needs_simulator
EVERYTHING = ["features", "view", "lines"]
CASES = [(REG_I, "closed"), (CHAMPIONS, "open"), (RANDOM, "closed"), (CUSTOM, "closed")]


@pytest.fixture(scope="module")
def worker():
    with Worker() as process:
        yield process


@pytest.mark.parametrize(("format", "sheets"), CASES)
def test_nothing_hidden_changes_what_a_side_receives(worker, format, sheets):
    rng = random.Random(2)
    update = worker.ok("start", battle=format, format=format, sheets=sheets, seed="3,2,1,0", teams=pair_of(format, 5), want=EVERYTHING)
    checks = 0
    for step in range(60):
        if update["over"]:
            break
        if step % 3 == 0 or update["sides"][0]["kind"] == "switch":
            compare(worker, format, sheets, step)
            checks += 1
        update = worker.ok("choose", battle=format, actions=[action(side, rng) for side in update["sides"]])
    assert checks >= 3


def compare(worker, battle, sheets, step):
    snapshot = worker.ok("save", battle=battle)["snapshot"]
    pair = [
        worker.ok("load", battle=name, snapshot=text, want=EVERYTHING)
        for name, text in (("a", snapshot), ("b", change_hidden(snapshot, sheets)))
    ]
    assert pair[0]["sides"][0] == pair[1]["sides"][0]
    forks = [worker.ok("fork", battle=name, into=f"{name}-fork", determinize={"seat": 0, "seed": f"7,7,7,{step}"}) for name in "ab"]
    assert forks[0] == forks[1]
    assert forks[0]["sides"][0]["features"] == pair[0]["sides"][0]["features"]
    ends = [(worker.ok("playout", battle=f"{name}-fork", seed="1,2,3,4"), worker.ok("digest", battle=f"{name}-fork")) for name in "ab"]
    assert ends[0] == ends[1]
    for name in ("a", "b", "a-fork", "b-fork"):
        worker.ok("drop", battle=name)


def test_a_closed_sheet_shows_species_only(worker):
    """Two foes that differ in everything but species, level and gender are the same until they act."""
    one = "Pikachu||LightBall|Static|thunderbolt,protect,fakeout,surf|Timid|,,,252,,252|M|||50|]Snorlax||Leftovers|Immunity|bodyslam,protect,yawn,rest|Brave|252,252,,,,|F|||50|"
    two = "Pikachu||FocusSash|LightningRod|volttackle,encore,nuzzle,endure|Jolly|4,252,,,,252|M|||50|]Snorlax||SitrusBerry|Gluttony|bellydrum,crunch,rest,protect|Bold|252,,252,,,|F|||50|"
    own = pair_of(CUSTOM, 0)[0]
    starts = []
    for name, foe in (("one", one), ("two", two)):
        starts.append(
            worker.ok("start", battle=name, format=CUSTOM, sheets="closed", seed="1,2,3,4", teams=[own, foe], want=EVERYTHING)["sides"][0]
        )
    assert starts[0] == starts[1]
    assert starts[0]["view"]["foe"]["team"][0]["item"] is None


def test_who_waits_on_the_bench_stays_hidden(worker):
    """The same leads with another pair behind them look the same at turn 1."""
    sides = []
    for back in ([3, 4], [5, 6]):
        name = f"back-{back[0]}"
        worker.ok("start", battle=name, format=REG_I, seed="1,2,3,4", teams=pair_of(REG_I, 1), want=EVERYTHING)
        sides.append(worker.ok("choose", battle=name, actions=[[1, 2, 3, 4], [1, 2, *back]])["sides"][0])
    assert sides[0] == sides[1]
    assert [member["brought"] for member in sides[0]["view"]["foe"]["team"]] == [True, True, None, None, None, None]


def test_percentages_are_all_that_is_known_of_a_foe(worker):
    start = worker.ok("start", battle="percent", format=RANDOM, seed="4,3,2,1", want=["view"])
    for update in play(worker, "percent", start, random.Random(3)):
        for side in update["sides"]:
            assert all(member["hp"] is None and member["stats"] is None for member in side["view"]["foe"]["team"])
