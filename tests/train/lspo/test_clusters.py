"""Sentences without names, as points, in clusters."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from agentarena.core.errors import BadOption, UsageError
from agentarena.train.lspo.clusters import ClusterSettings, as_json, fit_clusters, of_json, purity
from agentarena.train.lspo.embedding import checked_embedding, contrasts, embedding_of, fit_embedding
from agentarena.train.lspo.words import Normal, named, normal

NAMES = ("Ada", "Bob", "Cy", "Ada Lee")
ACCUSE = ("I accuse {}.", "{} is lying, I accuse them.", "I accuse {} of lying to us.", "My vote goes against the liar {}.")
PASS = ("Nothing to add today.", "I have nothing to add.", "I add nothing today, I listen.", "Let us listen, nothing to add.")


def alone(*utterances):
    """Each utterance under a prompt of its own."""
    return [[one] for one in utterances]


def utterances(forms, targets=(1, 2), speaker=0):
    return [normal(form.format(NAMES[target]), NAMES, speaker) for form in forms for target in targets]


@pytest.mark.parametrize(
    ("words", "speaker", "targets", "expected"),
    [
        ("Bob lies; Cy, ask BOB!", 0, None, ("NAME lies; OTHER, ask NAME!", 1)),
        ("I, Ada, trust Cy", 0, (1, 2), ("I, ME, trust NAME", 2)),
        ("Bob is dead, so vote Cy", 0, (2,), ("OTHER is dead, so vote NAME", 2)),
        ("Bobby is no Bob", 0, None, ("Bobby is no NAME", 1)),
        ("Ada Lee lies", 0, None, ("NAME lies", 3)),
        ("nobody", 0, None, ("nobody", -1)),
        ("spaces \n and\tlines", -1, None, ("spaces and lines", -1)),
    ],
)
def test_names_become_roles_in_the_sentence(words, speaker, targets, expected):
    assert normal(words, NAMES, speaker, targets) == expected


def test_without_names_nothing_is_replaced_and_long_words_are_cut():
    assert normal("Bob", ()) == ("Bob", -1)
    assert len(normal("x" * 10**6, NAMES).text) <= 4000


def test_a_name_is_put_back():
    assert named(normal("Bob, says Ada, lies", NAMES, 0).text, NAMES, speaker=0, target=2) == "Cy, says Ada, lies"


def test_an_embedding_is_the_same_after_a_round_trip_and_between_runs():
    texts = [one.text for one in utterances((*ACCUSE, *PASS))]
    first, second = fit_embedding("tfidf", texts, 8), fit_embedding("tfidf", texts, 8)
    again = embedding_of(first.about(), first.arrays())
    points = first.embed([*texts, "quite another thing", ""])
    assert points.shape[0] == len(texts) + 2
    assert np.array_equal(points, second.embed([*texts, "quite another thing", ""]))
    assert np.array_equal(points, again.embed([*texts, "quite another thing", ""]))
    assert np.allclose(np.linalg.norm(points[: len(texts)], axis=1), 1.0)


def test_dimensions_keep_what_they_can_of_the_angles():
    texts = sorted({one.text for one in utterances((*ACCUSE, *PASS))})
    full, small = fit_embedding("tfidf", texts, 100).embed(texts), fit_embedding("tfidf", texts, 2).embed(texts)
    assert small.shape[1] == 2
    assert full.shape[1] <= len(texts)


@pytest.mark.parametrize(("spec", "words"), [("tfdif", "tfidf"), ("tfidf:x", "alone"), ("model2vec", "model2vec:MODEL"), (3, "Known")])
def test_what_is_no_embedding_is_refused(spec, words):
    with pytest.raises(BadOption, match=words):
        checked_embedding(spec)


def test_a_missing_package_is_named_with_its_command():
    with pytest.raises(UsageError, match="pip install model2vec"):
        fit_embedding("model2vec:x", ["a"]).embed(["a"])


def test_two_meanings_are_two_clusters_and_one_is_about_a_seat():
    clusters = fit_clusters({"player": alone(*utterances((*ACCUSE, *PASS)))}, ClusterSettings(count=2))
    role = clusters.roles["player"]
    assert role.count == 2
    assert purity(role, lambda text: "nothing" in text.lower()) == 1.0
    assert sorted(role.names_seat) == [False, True]
    assert role.symbols == (0, 1)  # one role: what is heard is the cluster
    about = role.names_seat.index(True)
    assert clusters.assign("player", [normal("I accuse Cy!", NAMES, 0), normal("nothing to add", NAMES, 0)]).tolist() == [about, 1 - about]


def test_what_is_about_nobody_is_in_no_cluster_about_somebody():
    clusters = fit_clusters({"player": alone(*utterances(ACCUSE))}, ClusterSettings(count=2))
    assert clusters.assign("player", [Normal("I accuse somebody", -1), Normal("I accuse NAME", 1)])[0] == -1


def test_silhouette_chooses_the_number():
    three = (*ACCUSE[:3], *PASS, "The weather is fine in Rome.", "In Rome the weather is fine.", "Fine weather in Rome, is it?")
    role = fit_clusters({"player": alone(*utterances(three))}, ClusterSettings(low=2, high=6)).roles["player"]
    assert role.count == max(role.silhouettes, key=role.silhouettes.__getitem__) == 3
    assert purity(role, lambda text: ("Rome" in text, "NAME" in text)) == 1.0


def test_no_more_clusters_than_sentences_and_one_sentence_is_one_cluster():
    assert fit_clusters({"player": alone(*[Normal("yes", -1)] * 5)}, ClusterSettings(count=4)).roles["player"].count == 1
    assert fit_clusters({"player": alone(*[Normal("yes", -1)] * 5)}, ClusterSettings()).roles["player"].count == 1


def test_repetitions_count_in_purity_and_not_in_the_clusters():
    often = [Normal("I throw rock", -1)] * 50 + [Normal("I throw paper", -1)]
    role = fit_clusters({"player": alone(*often)}, ClusterSettings(count=1)).roles["player"]
    assert [(one.text, one.count) for one in role.sentences] == [("I throw rock", 50), ("I throw paper", 1)]
    assert purity(role, lambda text: text) == pytest.approx(50 / 51)


def test_roles_hear_each_other_as_common_symbols():
    wolves, village = utterances(ACCUSE) + utterances(PASS), utterances(ACCUSE[:2]) + utterances(PASS[1:])
    clusters = fit_clusters({"werewolf": alone(*wolves), "villager": alone(*village)}, ClusterSettings(count=2, symbols=2))
    symbols = []
    for role in clusters.roles.values():
        about = role.names_seat.index(True)
        symbols.append((role.symbols[about], role.symbols[1 - about]))
    assert symbols[0] == symbols[1]  # both roles accuse by one symbol and pass by another
    assert symbols[0][0] != symbols[0][1]
    assert clusters.hear([normal("I accuse Cy.", NAMES, 0)]).tolist() == [symbols[0][0]]


@pytest.mark.parametrize("joint", [False, True])
def test_a_move_is_heard_as_its_sentences_are(joint):
    """With few clusters a role's clusters and the symbols cut the sentences differently; then a cluster is several moves."""
    claim = ("I am the seer, believe me.", "Believe me, the seer am I.", "The seer I am.", "Seer is what I am, believe me.")
    own = {"seer": (*claim, *ACCUSE[:2]), "werewolf": (*ACCUSE, *PASS, claim[0]), "villager": (*PASS, *ACCUSE[:1])}
    settings = ClusterSettings(count=2, symbols=3, joint=joint)
    clusters = fit_clusters({role: alone(*utterances(forms)) for role, forms in own.items()}, settings)
    for one in clusters.roles.values():
        assert len(set(zip(one.symbols, one.names_seat, strict=True))) >= 2
        for sentence in one.sentences:
            utterance = Normal(sentence.text, 1 if "NAME" in sentence.text else -1)
            assert clusters.hear([utterance])[0] == one.symbols[sentence.cluster]
            assert one.names_seat[sentence.cluster] == ("NAME" in sentence.text)
    assert clusters.hear([Normal(claim[0], -1)])[0] in clusters.roles["werewolf"].symbols  # what a wolf may say it can say there too


def test_what_others_are_heard_to_say_is_a_move_although_it_is_rare():
    claim, other = Normal("I am the seer, believe me.", -1), Normal("I am just a villager, friends.", -1)
    accusation = Normal("I accuse NAME.", 1)
    seer, wolf = [claim] * 50 + [accusation] * 50, [accusation] * 300 + [other] * 100
    for count, expected in ((1, False), (2, True)):
        clusters = fit_clusters({"seer": alone(*seer), "werewolf": alone(*wolf, *[claim] * count)}, ClusterSettings(count=2, symbols=3))
        symbol = clusters.hear([claim])[0]
        assert (symbol in clusters.roles["werewolf"].symbols) == (expected or symbol == clusters.hear([other])[0])


def test_clusters_are_the_same_after_a_round_trip():
    clusters = fit_clusters({"a": alone(*utterances(ACCUSE)), "b": alone(*utterances(PASS))}, ClusterSettings(count=2))
    again = of_json(*as_json(clusters))
    sentences = utterances((*ACCUSE, *PASS))
    assert [again.assign(role, sentences).tolist() for role in "ab"] == [clusters.assign(role, sentences).tolist() for role in "ab"]
    assert again.roles["a"].sentences == clusters.roles["a"].sentences
    with pytest.raises(UsageError, match="no clusters"):
        of_json({"roles": {"a": 3}}, {})


def test_a_role_without_words_and_settings_out_of_range_are_refused():
    with pytest.raises(UsageError, match="'mute' proposed nothing"):
        fit_clusters({"mute": []}, ClusterSettings())
    with pytest.raises(BadOption, match=r"clusters\.count must be a whole number from 0 to 64, got 65"):
        ClusterSettings(count=65)
    with pytest.raises(BadOption, match=r"clusters\.starts must be .*, got 5"):
        ClusterSettings(starts=5)
    with pytest.raises(BadOption, match="low is 5 and high 4"):
        ClusterSettings(low=5, high=4)


WRAPS = ("", "Listen: ", "Without much thought, ", "My mind is made up: ", "This round ")
ENDS = ("", " Beat that if you can.", " It feels right.", " I like the odds.", " You will not see it coming.")
CORES = ("I choose {}.", "I play {}.", "my throw is {}.", "I will go with {}.", "{} it is.")
MOVES = ("rock", "paper", "scissors", "spock", "lizard")


def proposals(prompts, *, differ):
    """Sentences of five meanings in 125 wordings; the three candidates of a prompt differ in meaning, or are independent."""
    rng = np.random.default_rng(0)
    share = np.array([0.38, 0.26, 0.18, 0.11, 0.07])
    out = []
    for _ in range(prompts):
        words = [str(part[rng.integers(5)]) for _ in range(3) for part in (WRAPS, CORES, ENDS)]
        moves = rng.choice(MOVES, size=3, replace=not differ, p=share)
        out.append([Normal(words[3 * i] + words[3 * i + 1].format(move) + words[3 * i + 2], -1) for i, move in enumerate(moves)])
    return out


def test_terms_in_which_candidates_differ_find_the_meanings_in_many_wordings():
    purities = {}
    for contrast in (False, True):
        settings = ClusterSettings(count=5, contrast=contrast)
        role = fit_clusters({"player": proposals(400, differ=True)}, settings).roles["player"]
        purities[contrast] = purity(role, lambda text: next(move for move in MOVES if move in text))
    assert purities[False] < 0.5
    assert purities[True] == 1.0


def test_independent_candidates_have_no_contrast():
    for differ in (True, False):
        prompts = [[one.text for one in prompt] for prompt in proposals(400, differ=differ)]
        texts = sorted({text for prompt in prompts for text in prompt})
        presence = csr_matrix(np.array([[move in text for move in (*MOVES, "Listen")] for text in texts], float))
        values = contrasts(presence, texts, [prompts])
        assert (values[:3] > 0.5).all() if differ else (values < 0.2).all()
        assert values[5] == 0
