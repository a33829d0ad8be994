"""Scoring and ranking: prompts, resumed files, sampled candidates, every ranker against its formula, intervals, the report."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from agentarena.agents.llm.engine import Completion
from agentarena.agents.llm.scoring import Score
from agentarena.consensus import Question, Scored, compare, engine_of, load_scored, run, score_questions
from agentarena.consensus.candidates import Sampling, candidates_of, correct_places, normalised
from agentarena.consensus.generated import generate
from agentarena.consensus.mix import features, fit, mixed
from agentarena.consensus.prompts import Wording
from agentarena.consensus.rankers import RANKERS, correctness, rankings
from agentarena.consensus.report import render
from agentarena.consensus.scored import ScoredFile
from agentarena.core.errors import BadOption, CorruptRecord, NotSupported, RecordBusy, RecordMismatch, UsageError
from agentarena.envs.consensus import equilibrium_ranking
from agentarena.evaluate.pair_contrasts import mean_gap

QUESTIONS = generate(40, seed=3)


class Model:
    """A language agent whose numbers are a function of the text alone; it replies with the number of its seed."""

    name, version, tokens = "model", "1", False

    def __init__(self, stop_after: int = 10**9) -> None:
        self.engine, self.left, self.seen = self, stop_after, []

    def submit(self, request, done):
        done(Completion(f"I think it is {request.seed % 3}."))

    def scores(self, items):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        self.seen += items
        return [[Score(-((hash_of(item.text + reply) % 997) / 100 + 0.1), 1 + len(reply) // 4) for reply in item.replies] for item in items]


def hash_of(text: str) -> int:
    return sum((place + 1) * ord(char) for place, char in enumerate(text))


@pytest.fixture(autouse=True)
def own_scorer(monkeypatch):
    class Judge:
        name, alone = "chat", True

        def __init__(self, model):
            self.scores = model.scores

    real = run.scorer
    monkeypatch.setattr(run, "scorer", lambda engine, form: Judge(engine) if isinstance(engine, Model) else real(engine, form))


def random_rows(count: int, sizes=(2, 3, 4, 4), seed: int = 0, counted: bool = True) -> list[Scored]:
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        size = sizes[number % len(sizes)]
        answer = int(rng.integers(size))
        bonus = np.eye(size)[answer]
        generator = rng.normal(size=(2, size)) * 2 + np.stack([bonus, -bonus])
        odds = rng.normal(size=size) + 1.5 * bonus
        counts = tuple(int(value) for value in rng.multinomial(5, np.full(size, 1 / size))) if counted else ()
        texts = tuple(f"c{k}" for k in range(size))
        tokens = tuple(int(value) for value in rng.integers(1, 5, size))
        rows.append(
            Scored(
                f"q{number}",
                texts,
                (answer,),
                (tuple(generator[0]), tuple(generator[1])),
                (tokens, tokens),
                tuple(odds),
                counts,
                "even" if number % 2 else "odd",
            )
        )
    return rows


# --- prompts and scores -------------------------------------------------------------------------------------------------


def test_prompts_of_both_roles():
    question = Question("1", "What is 6 times 7?", ("41", "42"), (1,))
    correct, incorrect = (Wording().generator(question, question.candidates, value) for value in (0, 1))
    assert correct.messages[1]["content"] == "What is 6 times 7?\nGive a correct answer."
    assert incorrect.messages[1]["content"] == "What is 6 times 7?\nGive an incorrect answer."
    assert correct.replies == (" 41", " 42")
    judged = Wording(opening="Be exact.\n").discriminator(question, "41")
    assert judged.messages[1]["content"] == "Be exact.\n\nWhat is 6 times 7?\nProposed answer: 41\nIs it correct or incorrect?"
    assert judged.replies == (" correct", " incorrect")
    letters = Wording("letters").generator(question, question.candidates, 0)
    assert letters.replies == (" A", " B")
    assert "A. 41\nB. 42\nGive the letter of a correct answer." in letters.messages[1]["content"]
    dialogue = Question("2", "A: Hi", ("B: Hello", "B: 7"), (0,), kind="dialogue")
    assert Wording().generator(dialogue, dialogue.candidates, 1).messages[1]["content"] == "Dialogue:\nA: Hi\nGive an incorrect next turn."
    with pytest.raises(BadOption, match="style"):
        Wording("numbers")


def test_scores_of_each_prompt_land_in_their_place():
    model = Model()
    (row,) = score_questions(QUESTIONS[:1], model)
    question = QUESTIONS[0]
    for value in (0, 1):
        item = Wording().generator(question, question.candidates, value)
        expected = [round(-((hash_of(item.text + reply) % 997) / 100 + 0.1), 6) for reply in item.replies]
        assert list(row.generator[value]) == pytest.approx(expected)
    assert len(model.seen) == 2 + len(question.candidates)
    assert row.answers == question.answers


@pytest.mark.parametrize("killed_after", [0, 1, 13, 39])
def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path, killed_after):
    whole, parts = tmp_path / "whole.jsonl", tmp_path / "parts.jsonl"
    score_questions(QUESTIONS, Model(), out=whole)
    with pytest.raises(KeyboardInterrupt):
        score_questions(QUESTIONS, Model(stop_after=killed_after), out=parts)
    with parts.open("ab") as file:
        file.write(b'{"key": "q0')  # a line that was cut short
    done = []
    score_questions(QUESTIONS, Model(), out=parts, progress=lambda count, total: done.append((count, total)))
    assert parts.read_bytes() == whole.read_bytes()
    assert done[0] == (killed_after, 40)
    assert done[-1] == (40, 40)
    assert load_scored(whole)[1] == score_questions(QUESTIONS, Model(stop_after=0), out=whole)  # nothing is scored again


def test_a_file_of_another_run_is_refused(tmp_path):
    path = tmp_path / "s.jsonl"
    score_questions(QUESTIONS[:5], Model(), out=path)
    for other in ({"questions": QUESTIONS[1:6]}, {"wording": Wording("letters")}, {"sampling": Sampling(3)}):
        with pytest.raises(RecordMismatch, match=next(iter(other))):
            score_questions(
                other.get("questions", QUESTIONS[:5]), Model(), out=path, wording=other.get("wording"), sampling=other.get("sampling")
            )
    lines = path.read_text().splitlines()
    for number, broken in ((2, "{}"), (3, lines[3].replace('"discriminator": [', '"discriminator": [1.0, ')), (1, '{"format": "other"}')):
        path.write_text("\n".join([*lines[: number - 1], broken, *lines[number:]]) + "\n")
        with pytest.raises(CorruptRecord, match=f"line {number}"):
            load_scored(path)
    path.write_text("")
    with pytest.raises(CorruptRecord, match="empty"):
        load_scored(path)
    with ScoredFile(tmp_path / "busy.jsonl", {"a": 1}), pytest.raises(RecordBusy):
        ScoredFile(tmp_path / "busy.jsonl", {"a": 1})
    with ScoredFile(None, {}) as nothing:
        nothing.add(random_rows(1)[0])


# --- candidates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("#### 1,234", "1234"),
        ("first 3, then 4", "4"),
        ("-0.50", "-0.5"),
        ("0", "0"),
        ("-0", "0"),
        ("The answer: Paris!", "answer paris"),
        ("", ""),
        ("x.5", ".5".replace(".", "0.")),
    ],
)
def test_normalised_answers(reply, answer):
    assert normalised(reply) == answer


def test_sampled_answers_are_candidates():
    question = Question("1", "How many?", target="1")
    (row,) = score_questions([question], Model(), sampling=Sampling(samples=12, seed=4))
    assert sum(row.counts) == 12
    assert len(row.candidates) == len({normalised(text) for text in row.candidates})
    assert [normalised(row.candidates[place]) for place in row.answers] == ["1"]
    assert row == score_questions([question], Model(), sampling=Sampling(samples=12, seed=4))[0]
    with pytest.raises(UsageError, match="has no candidates"):
        score_questions([question], Model())


def test_samples_count_for_choices():
    question = Question("1", "2 + 2?", ("4", "5"), (0,))
    assert candidates_of(question, ["It is 4.", "5", "four", "4"]) == (("4", "5"), (2, 1))
    assert correct_places(question, ("4", "5")) == (0,)
    assert candidates_of(Question("2", "?", target="x"), []) == ((), ())


def test_a_question_without_any_candidate_counts_as_wrong():
    row = Scored("1", (), (), ((), ()), ((), ()), (), ())
    assert correctness([np.zeros(0)], [row]).tolist() == [0.0]
    result = compare([row, *random_rows(9)], seeds=1, iterations=200)
    assert result.possible == 0.9


# --- rankers ------------------------------------------------------------------------------------------------------------


def test_every_ranker_is_its_formula():
    rows = random_rows(12)
    scores = rankings(rows)
    assert set(scores) == set(RANKERS) - {"learned mix"}
    for place, row in enumerate(rows):
        generator, odds = np.array(row.generator), np.array(row.discriminator)
        p = 1 / (1 + np.exp(-odds))
        likelihood = np.exp(generator) / np.exp(generator).sum(axis=1, keepdims=True)
        solved = equilibrium_ranking(likelihood, p)
        for name, expected in (
            ("generative", generator[0]),
            ("discriminative", odds),
            ("mutual information", generator[0] + np.log(p)),
            ("self-consistency", row.counts),
            ("initial G", solved.prior_generator[0]),
            ("initial D", solved.prior_discriminator),
            ("ER-G", solved.generator[0]),
            ("ER-D", solved.discriminator),
        ):
            np.testing.assert_allclose(scores[name][place], expected, rtol=1e-9, atol=1e-12)
    assert "self-consistency" not in rankings(random_rows(4, counted=False))
    by_token = rankings(rows, length="mean")["generative"]
    np.testing.assert_allclose(by_token[0], np.array(rows[0].generator[0]) / np.array(rows[0].tokens[0]))
    with pytest.raises(UsageError, match="length"):
        rankings(rows, length="max")


def test_unlikely_replies_do_not_overflow():
    rows = [Scored("1", ("a", "b"), (0,), ((-5000.0, -1.0), (-1.0, -9000.0)), ((9, 1), (1, 9)), (-900.0, 900.0))]
    for values in rankings(rows).values():
        assert np.isfinite(values[0]).all()


def test_ties_share_the_point():
    row = random_rows(3)[2]
    assert correctness([np.zeros(len(row.candidates))], [row])[0] == pytest.approx(1 / len(row.candidates))


def test_the_mix_learns_what_helps():
    rows = random_rows(600)
    right = {name: correctness(values, rows).mean() for name, values in rankings(rows).items()}
    assert mixed(rows, seeds=3).mean() > max(right["generative"], right["discriminative"]) + 0.02
    weights = fit(features(rows), [row.answers for row in rows])
    assert weights[0] > 0 > weights[1]
    assert weights[2] > 0
    assert (fit([], []) == 0).all()
    assert mixed(rows, seeds=2).tolist() == mixed(rows, seeds=2).tolist()


def test_the_mix_is_ranked_by_the_other_half_alone():
    """With answers drawn by chance nothing can be learned: a fit that saw its own half would beat chance."""
    rng = np.random.default_rng(1)
    rows = [
        Scored(
            f"q{n}",
            ("a", "b"),
            (int(rng.integers(2)),),
            *[(tuple(rng.normal(size=2)), tuple(rng.normal(size=2)))],
            ((1, 1), (1, 1)),
            tuple(rng.normal(size=2)),
        )
        for n in range(60)
    ]
    assert abs(mixed(rows, seeds=20).mean() - 0.5) < 0.12


def test_intervals_are_paired_over_questions():
    rows = random_rows(300)
    result = compare(rows, seeds=1)
    scores = rankings(rows)
    a, b = (correctness(scores[name], rows) for name in ("ER-G", "generative"))
    gap, expected = result.difference("ER-G", "generative"), mean_gap(a, np.arange(300), b, np.arange(300))
    assert gap.difference == pytest.approx(a.mean() - b.mean())
    assert gap.interval == pytest.approx(expected.interval)
    assert gap.p_holm >= gap.p == pytest.approx(expected.p)
    spread = (a - b).std(ddof=1) / math.sqrt(300)
    assert gap.interval.high - gap.difference == pytest.approx(1.968 * spread, rel=1e-3)
    assert {topic: count for topic, (count, _) in result.topics.items()} == {"even": 150, "odd": 150}
    assert len(result.differences) == 9 * 8 // 2
    with pytest.raises(UsageError):
        result.difference("ER-G", "best")
    with pytest.raises(UsageError, match="no questions"):
        compare([])


def test_the_report_stands_alone_and_escapes():
    rows = random_rows(30)
    rows[0] = Scored("<b>", ("<script>x</script>", "ok"), (1,), ((-1.0, -2.0), (-2.0, -1.0)), ((1, 1), (1, 1)), (0.5, -0.5), (3, 2))
    page = render(compare(rows, seeds=1, iterations=200), {"model": "<i>m"}, rows, {"lam": 0.1})
    assert page == render(compare(rows, seeds=1, iterations=200), {"model": "<i>m"}, rows, {"lam": 0.1})
    assert "<script" not in page
    assert "<i>m" not in page
    assert "http" not in page.replace("http-equiv", "")
    for name in RANKERS:
        assert name in page


def test_other_agents_are_refused():
    with pytest.raises(NotSupported, match="no language model"):
        engine_of("random")


# --- the command --------------------------------------------------------------------------------------------------------


def test_tiny_ranks_generated_questions(tmp_path, monkeypatch, capsys):
    pytest.importorskip("transformers")
    from agentarena.cli import cli

    def command(*words):
        cli.main(args=["consensus", *words], standalone_mode=False)
        return capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    assert "wrote 12 questions" in command("generate", "--questions", "12", "-o", "q.jsonl")
    words = ("rank", "q.jsonl", "--model", "tiny", "-o", "s.jsonl", "--report", "r.html", "--quiet", "--seeds", "2", "--iterations", "200")
    out = command(*words)
    assert "ER-G" in out
    assert "12 questions; a random order is right at 25.0 %" in out
    before = (tmp_path / "s.jsonl").read_bytes()
    (tmp_path / "s.jsonl").write_bytes(before[: before.rindex(b'{"key"') + 40])
    assert "ER-G" in command(*words)
    assert (tmp_path / "s.jsonl").read_bytes() == before
    assert "<svg" in (tmp_path / "r.html").read_text()
    data = json.loads(command("compare", "s.jsonl", "--lam", "1", "--json"))
    assert data["comparison"]["questions"] == 12
    assert {one["ranker"] for one in data["comparison"]["accuracies"]} == set(RANKERS) - {"self-consistency"}
