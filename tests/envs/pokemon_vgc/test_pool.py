"""The engine's processes, with a worker that needs no Node: batches, restarts, garbage, forks, ends."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from agentarena.core.errors import ArenaError, BadOption, UsageError
from agentarena.envs.pokemon_vgc.engine import Battle, Engine, Setup, Update, seed_words, shared, use
from agentarena.envs.pokemon_vgc.engine.errors import (
    BadChoice,
    BadCommand,
    BadFormat,
    BadTeam,
    EngineCrashed,
    EngineError,
    EngineGarbage,
    EngineTimeout,
    NodeMissing,
    UnknownBattle,
)

WORKER = [sys.executable, str(Path(__file__).parent / "fake_worker.py")]
PREVIEW = ((1, 2, 3, 4), (4, 3, 2, 1))
MOVE = ((7, 7), (11, 7))
DIES, GARBAGE, HANGS, THROWS, REFUSED = ((first, 7) for first in (50, 51, 52, 53, 54))


@pytest.fixture
def engine():
    with Engine(2, command=WORKER, timeout=20) as engine:
        yield engine


def started(engine: Engine, count: int) -> list[Battle]:
    results = engine.start_many([Setup("toy", seed=seed_words(i)) for i in range(count)])
    return [battle for battle, _ in results]


def played(engine: Engine, battles: list[Battle], turns: int = 3) -> None:
    engine.choose([(battle, PREVIEW) for battle in battles])
    for _ in range(turns - 1):
        engine.choose([(battle, MOVE) for battle in battles])


def test_a_battle_is_played(engine):
    battle, update = engine.start(Setup("toy"))
    assert update.turn == 0
    assert update.sides[0].kind == "preview"
    assert update.sides[0].pick == 4
    (update,) = engine.choose([(battle, PREVIEW)])
    assert isinstance(update, Update)
    side = update.sides[1]
    assert (update.turn, update.over, side.kind, side.slots[1]) == (1, False, "move", (7, 11))
    assert side.features.tolist() == [1.0, 0.5]
    assert side.options.shape == (2, 16, 2)
    assert (side.ids.shape, side.ids.dtype) == ((12, 7), np.int16)
    assert not side.features.flags.writeable
    assert engine.peek(battle).turn == 1
    assert engine.input_log(battle) == ["choose [[1, 2, 3, 4], [4, 3, 2, 1]]"]


def test_battles_are_spread_over_processes_and_answers_come_in_order(engine):
    battles = started(engine, 7)
    played(engine, battles[:3], 1)
    played(engine, battles[:1], 1)
    turns = [update.turn for update in engine.choose([(battle, PREVIEW) for battle in battles])]
    assert turns == [3, 2, 2, 1, 1, 1, 1]
    assert len(engine.transport.pids()) == 2


def test_two_groups_in_turn(engine):
    """Choices of a second group are sent while the first group's answers are under way."""
    battles = started(engine, 6)
    first = engine.submit([(battle, PREVIEW) for battle in battles[:3]])
    second = engine.submit([(battle, PREVIEW) for battle in battles[3:]])
    assert [update.turn for update in second.result()] == [1, 1, 1]
    assert [update.turn for update in first.result()] == [1, 1, 1]
    assert first.result() is first.result()


def test_the_same_commands_give_the_same_battle_in_every_process(engine):
    digests = set()
    for _ in range(2):
        battles = started(engine, 4)
        played(engine, battles)
        digests.add(tuple(map(engine.digest, battles)))
    assert len(digests) == 1
    assert len(next(iter(digests))) == 4


@pytest.mark.parametrize(
    ("action", "error"), [(DIES, EngineCrashed), (GARBAGE, EngineGarbage), (THROWS, EngineCrashed), (REFUSED, BadChoice)]
)
def test_a_bad_battle_harms_no_other(engine, action, error):
    battles = started(engine, 6)
    played(engine, battles, 2)
    results = engine.choose([(battle, (action, MOVE[1]) if i == 2 else MOVE) for i, battle in enumerate(battles)])
    assert isinstance(results[2], error)
    assert [result.turn for i, result in enumerate(results) if i != 2] == [3] * 5
    assert engine.choose([(battles[2], MOVE)])[0].turn == 3  # as before the choice that failed


@pytest.mark.parametrize("action", [DIES, GARBAGE, HANGS])
def test_a_process_that_fails_once_is_replaced_and_nobody_notices(tmp_path, action):
    with Engine(1, command=WORKER) as calm:
        battles = started(calm, 3)
        played(calm, battles, 2)
        calm.choose([(battle, (action, MOVE[1]) if i == 1 else MOVE) for i, battle in enumerate(battles[:1])])
        undisturbed = calm.digest(battles[0])
    with Engine(1, command=[*WORKER, "--once", str(tmp_path / "done")], timeout=1.0) as engine:
        battles = started(engine, 3)
        played(engine, battles, 2)
        results = engine.choose([(battle, (action, MOVE[1]) if i == 1 else MOVE) for i, battle in enumerate(battles)])
        assert [result.turn for result in results] == [3, 3, 3]
        assert engine.restarts == 1
        assert engine.digest(battles[0]) == undisturbed


def test_a_process_that_is_killed_is_replaced(engine):
    battles = started(engine, 4)
    played(engine, battles, 2)
    before = [engine.digest(battle) for battle in battles]
    for pid in engine.transport.pids():
        os.kill(pid, signal.SIGKILL)
    assert [engine.digest(battle) for battle in battles] == before
    assert engine.restarts == 2


def test_a_command_that_hangs_fails_in_time():
    with Engine(1, command=WORKER, timeout=0.5) as engine:
        battles = started(engine, 2)
        results = engine.choose([(battles[0], (HANGS, MOVE[1])), (battles[1], PREVIEW)])
        assert isinstance(results[0], EngineTimeout)
        assert results[1].turn == 1


def test_a_process_that_talks_on_without_an_answer_fails_in_time():
    script = "import sys, time\nwhile True:\n    print('still busy', file=sys.stderr, flush=True); time.sleep(0.01)"
    began = time.monotonic()
    with Engine(1, command=[sys.executable, "-c", script], timeout=0.5) as engine, pytest.raises(EngineTimeout):
        engine.start(Setup("toy"))
    assert time.monotonic() - began < 10


def test_an_interrupt_while_waiting_leaves_the_engine_usable(engine, monkeypatch):
    battle, _ = engine.start(Setup("toy"))
    pending = engine.submit([(battle, PREVIEW)])
    with monkeypatch.context() as patch:

        def interrupted(*_):
            raise KeyboardInterrupt

        patch.setattr("select.poll", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pending.result()
    assert pending.result()[0].turn == 1
    assert engine.peek(battle).turn == 1


def test_a_message_says_how_a_process_ended(engine):
    battle, _ = engine.start(Setup("toy"))
    (error,) = engine.choose([(battle, (DIES, MOVE[1]))])
    assert "exit code 3" in str(error)
    assert "the fake worker ends now" in str(error)


def test_forks_and_snapshots_go_on_alike(engine):
    battle, _ = engine.start(Setup("toy"))
    played(engine, [battle])
    copy, update = engine.fork(battle)
    assert update.turn == 3
    loaded, _ = engine.load(engine.save(battle))
    other, _ = engine.fork(battle, seed="9,9,9,9")
    assert engine.digest(copy) == engine.digest(battle) == engine.digest(loaded) != engine.digest(other)
    engine.choose([(copy, MOVE)])
    assert engine.digest(copy) != engine.digest(battle)
    (end,) = engine.playout([other], ["1,1,1,1"])
    assert (end.over, end.left) == (True, (1.5, 0.0))


def test_forks_are_rebuilt(engine):
    battle, _ = engine.start(Setup("toy"))
    played(engine, [battle])
    fork, _ = engine.fork(battle, seed="9,9,9,9")
    deeper, _ = engine.fork(fork)
    engine.choose([(deeper, MOVE)])
    loaded, _ = engine.load(engine.save(deeper))
    engine.drop(battle)
    before = [engine.digest(one) for one in (fork, deeper, loaded)]
    for pid in engine.transport.pids():
        os.kill(pid, signal.SIGKILL)
    assert [engine.digest(one) for one in (fork, deeper, loaded)] == before


def scenario(engine: Engine, disturb) -> list[str]:
    """A random course of starts, choices, forks, saves and drops; digests of what is left."""
    rng = np.random.default_rng(5)
    battles = started(engine, 3)
    for step in range(60):
        disturb(step)
        i = int(rng.integers(len(battles)))
        match int(rng.integers(5)):
            case 0:
                battles.append(engine.fork(battles[i], seed=seed_words(step) if step % 2 else None)[0])
            case 1:
                battles.append(engine.load(engine.save(battles[i]))[0])
            case 2 if len(battles) > 2:
                engine.drop(battles.pop(i))
            case _:
                some = [battle for battle in battles if rng.random() < 0.6]
                engine.choose([(battle, ((int(rng.integers(7, 20)), 7), MOVE[1])) for battle in some])
    return [engine.digest(battle) for battle in battles]


def test_any_course_survives_any_number_of_kills():
    with Engine(2, command=WORKER) as engine:
        undisturbed = scenario(engine, lambda step: None)
    with Engine(2, command=WORKER) as engine:
        rng = np.random.default_rng(6)

        def disturb(step: int) -> None:
            if step % 7 == 3:
                os.kill(rng.choice(engine.transport.pids()), signal.SIGKILL)

        assert scenario(engine, disturb) == undisturbed
        assert engine.restarts >= 4


def test_threads_share_an_engine(engine):
    digests: dict[int, str] = {}

    def work(number: int) -> None:
        battle, _ = engine.start(Setup("toy", seed=seed_words(number % 2)))
        played(engine, [battle], 5)
        digests[number] = engine.digest(battle)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 6
    assert len(set(digests.values())) == 2


def test_what_nothing_refers_to_is_dropped(engine):
    battle, _ = engine.start(Setup("toy"))
    other, _ = engine.start(Setup("toy"))
    place = battle.place
    del battle
    gc.collect()
    assert list(place.worker.dropped) == [place]
    engine.drop(other)
    engine.drop(other)
    held = started(engine, 4)  # the drops go with the next line
    assert not any(worker.dropped for worker in engine.transport._workers)
    assert sum(worker.live for worker in engine.transport._workers) == len(held)
    with pytest.raises(UnknownBattle, match="dropped"):
        engine.peek(other)


@pytest.mark.parametrize(
    ("setup", "error", "words"),
    [
        (Setup("chess"), BadFormat, "no format chess"),
        (Setup("Toy [1]"), BadFormat, "small letters"),
        (Setup("toy", rules=("x\n",)), BadFormat, "rule"),
        (Setup("toy", sheets="half"), BadFormat, "open or closed"),
        (Setup("toy", teams=("illegal", None)), BadTeam, "cannot learn Spore"),
        (Setup("toy", teams=("a" * 30_000, None)), BadTeam, "30000 characters"),
        (Setup("toy", seed="1,2,3"), BadCommand, "four numbers"),
        (Setup("toy", seed="1,2,3,70000"), BadCommand, "65535"),
        (Setup("toy", want=("secrets",)), BadCommand, "features, view, lines"),
    ],
)
def test_bad_setups_are_refused_alone(engine, setup, error, words):
    with pytest.raises(error, match=words):
        engine.start(setup)
    refused, fine = engine.start_many([setup, Setup("toy")])
    assert isinstance(refused, error)
    assert fine[1].turn == 0
    assert issubclass(error, UsageError)


def test_bad_choices_are_refused_before_they_are_sent(engine):
    battle, _ = engine.start(Setup("toy"))
    for actions in [((55, 0), None), ((), None), (None,), ((-1, 0), None)]:
        (error,) = engine.choose([(battle, actions)])
        assert isinstance(error, BadCommand)


def test_teams(engine):
    assert engine.validate("toy", "a team") == []
    assert engine.validate_many("toy", ["illegal", "fine"]) == [["Illegal cannot learn Spore."], []]
    assert engine.random_team("toy", "1,2,3,4") == "toy-1,2,3,4"
    assert len(engine.legal_sets("toy", "1,2,3,4", 5)) == 5
    with pytest.raises(BadOption):
        engine.legal_sets("toy", "1,2,3,4", 0)


def test_an_engine_that_does_not_start(tmp_path):
    for command, words in [
        ([str(tmp_path / "nothing")], "does not start"),
        ([sys.executable, "-c", "raise SystemExit('no such module')"], "no such module"),
        ([sys.executable, "-c", "print('Welcome!'); input(); input()"], "not JSON: Welcome"),
        ([sys.executable, "-c", 'input(); print(\'{"id":0,"replies":[{"ok":{"protocol":2,"formats":{}}}]}\'); input()'], "protocol 2"),
    ]:
        with Engine(1, command=command, timeout=20) as engine:
            for _ in range(2):
                with pytest.raises(EngineError, match=words):
                    engine.start(Setup("toy"))
            assert engine.restarts == 0


def test_a_missing_node_is_said_at_the_first_call(tmp_path):
    engine = Engine(node=tmp_path / "node")
    with pytest.raises(NodeMissing, match="no executable file"):
        engine.start(Setup("toy"))


def test_a_closed_engine_starts_again(engine):
    battle, _ = engine.start(Setup("toy"))
    played(engine, [battle])
    digest = engine.digest(battle)
    engine.close()
    engine.close()
    assert engine.transport.pids() == []
    assert engine.digest(battle) == digest


def test_closing_fails_what_is_under_way(engine):
    battle, _ = engine.start(Setup("toy"))
    pending = engine.submit([(battle, (HANGS, MOVE[1]))])
    began = time.monotonic()
    engine.close()
    (error,) = pending.result()
    assert isinstance(error, EngineCrashed)
    assert time.monotonic() - began < 10


def test_options():
    for settings in ({"processes": 0}, {"processes": 1000}, {"timeout": 0}):
        with pytest.raises(BadOption):
            Engine(command=WORKER, **settings)


def test_shared_is_one_engine_for_each_setting(engine):
    assert shared() is shared()
    assert shared(patch=True) is not shared()
    with use(engine):
        assert shared() is shared(2, patch=True) is engine
    assert shared() is not engine


def _child(engine, battle, queue):
    try:
        queue.put((engine.digest(battle), engine.transport.pids()))
    except ArenaError as error:
        queue.put((repr(error), []))
    finally:
        engine.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_processes_of_its_own(engine):
    battle, _ = engine.start(Setup("toy"))
    played(engine, [battle])
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    children = [context.Process(target=_child, args=(engine, battle, queue)) for _ in range(2)]
    for child in children:
        child.start()
    answers = [queue.get() for _ in children]
    for child in children:
        child.join()
    digest, own = engine.digest(battle), engine.transport.pids()
    assert {one for one, _ in answers} == {digest}
    pids = [pid for _, ids in answers for pid in ids]
    assert len(set(pids) | set(own)) == len(pids) + len(own)
    assert engine.restarts == 0


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").is_dir() else True


@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), signal.SIGKILL)", "os._exit(0)", "raise SystemExit(1)"])
def test_processes_end_with_their_parent(end):
    script = f"""
        import os, signal
        from agentarena.envs.pokemon_vgc.engine import Engine, Setup
        engine = Engine(2, command={WORKER!r})
        battles = engine.start_many([Setup("toy"), Setup("toy")])
        print(*engine.transport.pids(), flush=True)
        {end}
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2, done.stderr
    assert "Traceback" not in done.stderr
    until = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, pids))


def test_importing_starts_nothing():
    script = "import sys, subprocess; subprocess.Popen = None; import agentarena, agentarena.envs.pokemon_vgc.engine; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stderr
