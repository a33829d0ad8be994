"""Question files: every published format, lines that hold no question, and generated questions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from agentarena.consensus import Question, read_questions, write_questions
from agentarena.consensus.formats import FORMATS, form_of
from agentarena.consensus.generated import TOPICS, arithmetic, facts, generate
from agentarena.consensus.recipe import Recipe, taught
from agentarena.core.errors import CorruptRecord, UsageError

MMLU = {"question": "Which is a prime?", "subject": "math", "choices": ["4", "6", "7", "9"], "answer": 2}
ARC = {
    "id": "ARC_1",
    "question": {"stem": "What melts?", "choices": [{"text": "ice", "label": "A"}, {"text": "stone", "label": "B"}]},
    "answerKey": "A",
}
ARC_FLAT = {"id": "ARC_2", "question": "What melts?", "choices": {"text": ["ice", "stone"], "label": ["1", "2"]}, "answerKey": "2"}
RACE = {
    "id": "high1.txt",
    "article": "Ann has a cat.",
    "questions": ["Who has a cat?", "What has Ann?"],
    "options": [["Ann", "Bob"], ["a dog", "a cat"]],
    "answers": ["A", "B"],
}
RACE_FLAT = {"example_id": "high2.txt", "article": "Ann has a cat.", "question": "Who has a cat?", "options": ["Ann", "Bob"], "answer": "A"}
TRUTH = {
    "type": "x",
    "category": "Myths",
    "question": "Do bulls hate red?",
    "best_answer": "No",
    "correct_answers": ["No", "They do not"],
    "incorrect_answers": ["Yes", "Always"],
    "source": "",
}
TRUTH_MC = {"question": "Do bulls hate red?", "mc1_targets": {"No": 1, "Yes": 0}}
TRUTH_HF = {
    "question": "Do bulls hate red?",
    "mc1_targets": {"choices": ["No", "Yes"], "labels": [1, 0]},
    "mc2_targets": {"choices": ["No", "Never", "Yes"], "labels": [1, 1, 0]},
}
GSM8K = {"question": "Tom has 3 bags of 4 apples. How many?", "answer": "3 * 4 = <<3*4=12>>12\n#### 12"}
HHH = {"input": "How do I boil an egg?", "targets": {"choices": ["In water.", "Do not."], "labels": [1, 0]}}
DIALOGUE = {"dialogue": ["A: Hello.", "B: Hi, how are you?"], "candidates": ["A: Fine, thanks.", "A: Blue."], "answer": 0}


def read(tmp_path, *lines, **settings):
    path = tmp_path / "q.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines), encoding="utf-8")
    return read_questions(path, **settings)


@pytest.mark.parametrize(
    ("line", "form", "candidates", "answers"),
    [
        (MMLU, "mmlu", ("4", "6", "7", "9"), (2,)),
        ({**MMLU, "answer": "B"}, "mmlu", ("4", "6", "7", "9"), (1,)),
        (ARC, "arc", ("ice", "stone"), (0,)),
        (ARC_FLAT, "arc", ("ice", "stone"), (1,)),
        (RACE_FLAT, "race", ("Ann", "Bob"), (0,)),
        (TRUTH, "truthfulqa", ("No", "They do not", "Yes", "Always"), (0, 1)),
        (TRUTH_MC, "truthfulqa", ("No", "Yes"), (0,)),
        (TRUTH_HF, "truthfulqa", ("No", "Never", "Yes"), (0, 1)),
        (GSM8K, "gsm8k", (), ()),
        (HHH, "hhh", ("In water.", "Do not."), (0,)),
        (DIALOGUE, "dialogue", ("A: Fine, thanks.", "A: Blue."), (0,)),
    ],
)
def test_published_formats(tmp_path, line, form, candidates, answers):
    assert form_of(line) == form
    for asked in ("auto", form):
        (question,) = read(tmp_path, line, form=asked)
        assert (question.candidates, question.answers) == (candidates, answers)


def test_an_article_has_several_questions(tmp_path):
    first, second = read(tmp_path, RACE)
    assert first.text == "Ann has a cat.\n\nQuestion: Who has a cat?"
    assert (second.key, second.answers) == ("high1.txt/2", (1,))


def test_a_number_is_the_target(tmp_path):
    assert read(tmp_path, GSM8K)[0].target == "12"


def test_our_own_format_comes_back(tmp_path):
    questions = [
        Question("a", "1 + 1?", ("2", "3"), (0,), topic="sums"),
        Question("b", "Name two primes.", ("2", "3", "4"), (0, 1)),
        Question("c", "2 + 2?", target="4"),
        Question("d", "A: Hello", ("B: Hi", "B: No"), (0,), kind="dialogue"),
    ]
    assert write_questions(questions, tmp_path / "own.jsonl") == 4
    assert read_questions(tmp_path / "own.jsonl") == questions


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2: it is not JSON"),
        ("[1]", "line 2: it is no JSON object"),
        ({**MMLU, "answer": 7}, "line 2: its answer is 7; expected one of A, B, C, D"),
        ({**MMLU, "choices": ["4"]}, "line 2: its answer is 2"),
        ({**MMLU, "choices": ["4"], "answer": 0}, "line 2: it has 1 candidates; allowed: 2 to 64"),
        ({**MMLU, "question": " "}, "line 2: its 'question' is ' '"),
        ({**MMLU, "question": "x" * 50_001}, "line 2: its question has 50001 characters"),
        ({**MMLU, "choices": ["4", "", "7", "9"]}, "line 2: a candidate is empty"),
        ({"question": "?"}, "line 2: its 'choices' is None"),
    ],
)
def test_broken_lines_are_named(tmp_path, line, reason):
    with pytest.raises(CorruptRecord) as caught:
        read(tmp_path, MMLU, line)
    assert reason in str(caught.value)
    assert len(read(tmp_path, MMLU, line, MMLU, skip_broken=True)) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({**ARC, "answerKey": "E"}, "'answerKey' is 'E'"),
        ({**ARC_FLAT, "choices": {"text": ["ice"], "label": ["1", "2"]}}, "1 choices and 2 labels"),
        ({**RACE, "answers": ["A"]}, "not lists of one length"),
        ({**TRUTH_HF, "mc2_targets": {"choices": ["No"], "labels": [2]}}, "labels are not one 0 or 1"),
        ({"question": "?", "answer": "twelve"}, "in no format that is known"),
        ({**HHH, "targets": {"choices": ["a", "b"], "labels": [0, 0]}}, "names no candidate"),
        ({**DIALOGUE, "answer": True}, "its answer is True"),
        ({"question": "?", "choices": ["a", "b"], "answer": [5]}, "names no candidate"),
    ],
)
def test_broken_lines_of_other_formats(tmp_path, line, reason):
    with pytest.raises(CorruptRecord, match=reason):
        read(tmp_path, line)


def test_many_broken_lines_are_counted(tmp_path):
    with pytest.raises(CorruptRecord, match=r"line 6: .*; and 3 more\. Mend them"):
        read(tmp_path, MMLU, *["{"] * 8)


def test_files_without_questions(tmp_path):
    with pytest.raises(UsageError, match="holds no question"):
        read(tmp_path)
    with pytest.raises(UsageError, match="line 1: it is not JSON"):
        read(tmp_path, "{", skip_broken=True)
    with pytest.raises(UsageError, match="format is 'csv'"):
        read(tmp_path, MMLU, form="csv")
    with pytest.raises(CorruptRecord, match="that of an earlier line"):
        read(tmp_path, ARC, ARC)
    assert len(read(tmp_path, *[MMLU] * 5, limit=3)) == 3
    assert set(FORMATS) >= {"mmlu", "arc", "race", "truthfulqa", "gsm8k", "dialogue"}


# --- generated ----------------------------------------------------------------------------------------------------------


def test_generated_questions_are_different_right_and_the_same_again():
    questions = generate(1000)
    assert questions == generate(1000)
    assert questions != generate(1000, seed=1)
    assert len({question.text for question in questions}) == 1000
    assert {question.topic for question in questions} == set(TOPICS)
    truth = {fact.question: fact.value for fact in facts()}
    for question in questions:
        (place,) = question.answers
        assert len(set(question.candidates)) == 4
        if question.topic == "knowledge":
            assert question.candidates[place] == truth[question.text]
        else:
            words = question.text.removeprefix("What is ").removesuffix("?").replace("times", "*")
            assert int(question.candidates[place]) == eval(words)
    places = [question.answers[0] for question in questions]
    assert max(places.count(k) for k in range(4)) < 300


def test_what_is_asked_of_arithmetic_is_never_taught():
    asked = {question.text for question in generate(2000) if question.topic != "knowledge"}
    examples = taught(Recipe(examples=3000))
    assert not any(one.view.partition("\n")[0] in asked for one in examples)
    assert arithmetic("multiplication", 6, 7).value == 42
    assert arithmetic("addition", 3, 9).held_out == arithmetic("addition", 9, 3).held_out


def test_what_is_held_out_says_nothing_of_the_answer():
    for topic in ("addition", "subtraction", "multiplication"):
        sums = [arithmetic(topic, a, b) for a in range(1, 100) for b in range(1, a + 1)]
        held_out = [one.value for one in sums if one.held_out]
        assert 0.22 < len(held_out) / len(sums) < 0.28
        for modulus in (2, 3, 4, 5, 10):
            shares = [
                np.mean([value % modulus == rest for value in values])
                for values in (held_out, [one.value for one in sums])
                for rest in range(modulus)
            ]
            assert np.abs(np.subtract(shares[:modulus], shares[modulus:])).max() < 0.05


def test_both_roles_are_taught_different_facts():
    examples = [
        one for one in taught(Recipe(examples=8000, knows=0.5)) if "What is " not in one.view or "known" in one.view or "flag" in one.view
    ]
    generator = {one.view.partition("\n")[0] for one in examples if "Proposed" not in one.view}
    discriminator = {one.view.partition("\n")[0] for one in examples if "Proposed" in one.view}
    assert 0.15 < len(generator & discriminator) / len(facts()) < 0.3
    assert all(0.35 < len(role) / len(facts()) < 0.6 for role in (generator, discriminator))


def test_the_discriminator_is_asked_for_verdicts_and_for_the_right_answer():
    truth = {fact.question: fact.value for fact in facts()}
    examples = [one for one in taught(Recipe(examples=6000, knowledge=1.0)) if "Proposed" in one.view]
    corrections = [one for one in examples if one.view.endswith("What is correct?")]
    assert 0.25 < len(corrections) / len(examples) < 0.35
    assert all(one.reply == f" {truth[one.view.partition(chr(10))[0]]}" for one in corrections)
    right = wrong = 0
    for one in examples:
        question, proposed, asked = one.view.split("\n")
        correct = proposed.removeprefix("Proposed answer: ") == truth[question]
        if asked == "Is it correct or incorrect?":
            assert one.reply == (" correct" if correct else " incorrect")
            right, wrong = right + correct, wrong + (not correct)
    assert 0.45 < right / (right + wrong) < 0.55


def test_some_facts_come_far_more_often_to_the_discriminator():
    def most(**settings):
        views = [one.view.partition("\n")[0] for one in taught(Recipe(examples=6000, knowledge=1.0, **settings)) if "Proposed" in one.view]
        counts = sorted((views.count(view) for view in set(views)), reverse=True)
        return sum(counts[:20]) / len(views)

    assert most(uneven=0.7) > 0.3
    assert most(uneven=0.0) < 0.1


@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": 10, "topics": ["history"]}, {"count": 10, "candidates": 1}, {"count": 100_000}])
def test_what_cannot_be_generated(wrong):
    with pytest.raises(UsageError):
        generate(**wrong)
