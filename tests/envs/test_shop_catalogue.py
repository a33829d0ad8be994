"""The shop's catalogues: generated, loaded from files of the original's formats, damaged; and the search."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agentarena.core.errors import CorruptRecord, UsageError
from agentarena.envs.shop import Shop, reward, token_set_ratio
from agentarena.envs.shop.engine import build, words
from agentarena.envs.shop.engine.export import write_files
from agentarena.envs.shop.engine.files import FileCatalogue
from agentarena.envs.shop.engine.generator import GeneratedCatalogue
from agentarena.envs.shop.engine.records import records
from agentarena.envs.shop.engine.search import Bm25Index, TantivyIndex
from agentarena.envs.shop.rules.colours import colour_of

# --- the generated catalogue ------------------------------------------------------------------------------------------


def test_no_attribute_of_a_pool_matches_another() -> None:
    for pool in words.ATTRIBUTES.values():
        for one, other in itertools.combinations(pool, 2):
            assert token_set_ratio(one, other) <= 85, (one, other)
        for name, other_words in pool.items():
            assert not any(other in other_words for other in pool), name
    texts = " ".join((*words.SENTENCES, *words.NOISE, *words.USES, *(kind.name for kind in words.KINDS))).lower()
    assert not [name for pool in words.ATTRIBUTES.values() for name in pool if name in texts]


def test_no_value_of_an_option_matches_another() -> None:
    for name, values in words.OPTIONS.items():
        for one, other in itertools.combinations(values, 2):
            assert token_set_ratio(colour_of(one), colour_of(other)) <= 85, (name, one, other)


def test_a_catalogue_is_a_function_of_its_seed() -> None:
    one, two, other = (GeneratedCatalogue(300, seed, 6, 50, True) for seed in (1, 1, 2))
    for catalogue in (one, two, other):
        list(catalogue.make_goals())
    assert [one.product(number) for number in range(300)] == [two.product(number) for number in range(300)]
    assert [one.goal(number) for number in range(50)] == [two.goal(number) for number in range(50)]
    assert one.product(0) != other.product(0)
    assert len(one) == len(two) == 300


def test_asins_lead_back() -> None:
    catalogue = GeneratedCatalogue(500, 7, 6, 50, True)
    numbers = [catalogue.find(catalogue.product(number).asin.lower()) for number in range(500)]
    assert numbers == list(range(500))
    for wrong in ("", "b0", "b0zzzzzzzz", "b0\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661", "x" * 1000):
        assert catalogue.find(wrong) is None


def test_siblings_do_not_fit() -> None:
    """Of a family only the target earns everything, whatever options are chosen, but where an option has no other values to offer."""
    catalogue = Shop(split="all").catalogue
    assert isinstance(catalogue, GeneratedCatalogue)
    fitting = sum(
        reward(goal.as_dict(family.products[family.target]), product.as_dict(), list(goal.options), product.price).total == 1.0
        and all(any(value in values for _, values in product.options) for value in goal.options)
        for family, goal in _families(catalogue, 60)
        for place, product in enumerate(family.products)
        if place != family.target
    )
    siblings = sum(len(family.products) - 1 for family, _ in _families(catalogue, 60))
    assert fitting <= 0.05 * siblings


def _families(catalogue: GeneratedCatalogue, count: int):
    for number in range(0, len(catalogue.order), len(catalogue.order) // count):
        yield catalogue.family(int(catalogue.goal_families[number])), catalogue.goal(number)


# --- search -----------------------------------------------------------------------------------------------------------


def bm25(texts: list[str], query: str, k1: float = 0.9, b: float = 0.4) -> list[float]:
    """Lucene's BM25 from its formula."""
    from agentarena.envs.shop.engine.search import words as tokens

    docs = [tokens(text) for text in texts]
    mean = sum(map(len, docs)) / len(docs)
    scores = [0.0] * len(docs)
    for term in dict.fromkeys(tokens(query)):
        df = sum(term in doc for doc in docs)
        idf = np.log(1 + (len(docs) - df + 0.5) / (df + 0.5))
        for i, doc in enumerate(docs):
            tf = doc.count(term)
            scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(doc) / mean))
    return scores


def test_search_is_bm25(tmp_path: Path) -> None:
    catalogue = Shop(split="all").catalogue
    texts = [catalogue.product(number).indexed_text for number in range(200)]
    index = Bm25Index.build(texts)
    index.save(tmp_path / "index")
    mapped = Bm25Index.load(tmp_path / "index")
    for number in range(0, 200, 10):
        query = catalogue.goal(number).instruction
        scores = np.round(np.array(bm25(texts, query), np.float32), 3)
        hits = index.search(query)
        assert hits == mapped.search(query)
        ranked = scores[list(hits)]
        assert len(hits) == min(50, int((scores > 0).sum()))
        assert (np.diff(ranked) <= 0.0021).all()
        assert ranked.min() >= np.sort(scores)[-len(hits)] - 0.0021


def test_queries_without_words() -> None:
    index = Bm25Index.build(["red shoes", "blue hats"])
    assert index.search("") == index.search("the") == index.search("!!!") == index.search("zebra") == ()
    assert index.search("SHOE " * 5000) == (0,)
    assert index.search("red hats") == (0, 1)


def test_tantivy_finds_the_same_kind(tmp_path: Path) -> None:
    pytest.importorskip("tantivy")
    catalogue = Shop(split="all").catalogue
    texts = [catalogue.product(number).indexed_text for number in range(500)]
    index = TantivyIndex.build(texts, tmp_path / "index")
    assert index.search(catalogue.product(7).title)[0] == 7
    assert index.search("the") == ()
    assert len(index.search('a AND (b: " OR shirts')) > 0


def test_large_catalogues_are_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTARENA_CACHE", str(tmp_path))
    monkeypatch.setattr(build, "CACHED_FROM", 200)
    make = build.generated_catalogue.__wrapped__
    first = make(300, 5, 3, 0, True, "bm25s")
    second = make(300, 5, 3, 0, True, "bm25s")
    plain = GeneratedCatalogue(300, 5, 3, 0, True)
    list(plain.make_goals())
    assert isinstance(second.order, np.memmap)
    assert np.array_equal(first.order, plain.order)
    assert first.goal(3) == second.goal(3) == plain.goal(3)
    query = first.goal(3).instruction
    assert first.index.search(query) == second.index.search(query)
    (folder,) = (tmp_path / "shop").iterdir()
    (folder / "index" / "data.csc.index.npy").write_bytes(b"damaged")
    with pytest.raises(CorruptRecord, match="delete the folder"):
        make(300, 5, 3, 0, True, "bm25s")


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AGENTARENA_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(build, "CACHED_FROM", 200)
    with pytest.raises(UsageError, match="AGENTARENA_CACHE"):
        build.generated_catalogue.__wrapped__(250, 5, 3, 0, True, "bm25s")


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated catalogue as files of the original's formats."""
    path = tmp_path_factory.mktemp("webshop")
    catalogue = build.generated_catalogue(300, 0, 6, 50, True, "bm25s")
    write_files(catalogue, path)
    return path


def test_a_catalogue_survives_its_files(folder: Path) -> None:
    catalogue = build.generated_catalogue(300, 0, 6, 50, True, "bm25s")
    loaded = FileCatalogue(folder, 0, True)
    assert len(loaded) == 300
    assert not loaded.problems
    for number in range(300):
        ours, theirs = catalogue.product(number), loaded.product(number)
        assert ours.as_dict() == theirs.as_dict()
        assert loaded.find(ours.asin.lower()) == number
    assert len(loaded.order) == len(catalogue.order)
    assert set(loaded.order.tolist()) == set(range(len(loaded.order)))
    assert loaded.goal(0).options == catalogue.goal(0).options


def test_a_shop_of_files_is_played(folder: Path) -> None:
    import agentarena as aa

    for goals in ("human", "synthetic"):
        game = aa.game("Shop-v0", files=str(folder), split="all", goals=goals)
        assert aa.play(game, ["shop/oracle"], matches=5, seed=0).returns.mean() > 0.8
    assert isinstance(game.goal_of(0).options, dict)


ITEM = {
    "asin": "B000000001",
    "name": "Oak Chair",
    "full_description": None,
    "small_description": ["easy clean"],
    "pricing": "$1,005.00 - $2,000.5",
    "customization_options": {"Color": [{"value": " Red/Blue ", "image": None}], "size": None},
    "category": "garden",
    "query": "chairs",
    "product_category": "Home \u203a Chairs",
}


def written(tmp_path: Path, items: object, attributes: object = None, people: object = None) -> Path:
    for name, content in (
        ("items_shuffle", items),
        ("items_ins_v2", attributes if attributes is not None else {"B000000001": {"attributes": ["easy clean"]}}),
        ("items_human_ins", people if people is not None else {"B000000001": [PERSON]}),
    ):
        (tmp_path / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return tmp_path


PERSON = {"instruction": "a chair.", "instruction_attributes": ["easy clean"], "instruction_options": ["red | blue"]}


def test_a_record_is_read_as_the_original_reads_it(tmp_path: Path) -> None:
    catalogue = FileCatalogue(written(tmp_path, [ITEM]), 0, True)
    product = catalogue.product(0)
    assert product.options == (("color", ("red | blue",)),)
    assert product.price_tag == "$1005.0 to $2000.5"
    assert 1005.0 <= product.price <= 2000.5
    goal = catalogue.goal(0)
    assert goal.instruction == "a chair"  # outer dots off; no cap above 990 dollars
    assert goal.cap == 1_000_000.0


def test_a_product_without_a_price_costs_100(tmp_path: Path) -> None:
    catalogue = FileCatalogue(written(tmp_path, [{**ITEM, "pricing": ""}]), 0, True)
    assert (catalogue.product(0).price, catalogue.product(0).price_tag) == (100.0, "$100.0")
    assert catalogue.goal(0).cap in (120.0, 130.0, 140.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"asin": None}, "asin is missing"), ({"asin": "B0000000012"}, "11 characters"), ({"asin": "nan"}, "asin is 'nan'"), ({"asin": "\u0130"}, "letters and digits"), ({"name": 3}, "name is 3"), ({"name": "x" * 3000}, "3000 characters"),
        ({"pricing": "12.00"}, "pricing is '12.00'"), ({"pricing": "$"}, "expected an amount"), ({"pricing": "$9.1.2"}, "expected an amount"),
        ({"pricing": "$9 - $3"}, "increasing"), ({"customization_options": []}, "expected an object"),
        ({"customization_options": {"c": [3]}}, "string as 'value'"), ({"small_description": [1]}, "list of strings"), ({"query": None}, "query is missing"),
    ],
)  # fmt: skip
def test_broken_records_are_reported_with_their_line(tmp_path: Path, changes, words) -> None:
    items = "[\n" + json.dumps(ITEM) + ",\n" + json.dumps({**ITEM, "asin": "B000000002", **changes}) + "\n]"
    catalogue = FileCatalogue(written(tmp_path, items), 0, True)
    assert len(catalogue) == 1
    (problem,) = catalogue.problems
    assert (problem.file, problem.line) == ("items_shuffle.json", 3)
    assert words in str(problem)
    assert len(str(problem)) < 400


def test_more_problems(tmp_path: Path) -> None:
    items = [ITEM, ITEM, 7, *[{"asin": "x"}] * 1500]
    people = {"B000000001": [PERSON, {"instruction": 3}, 4, {**PERSON, "instruction_attributes": []}], "B2": 5}
    catalogue = FileCatalogue(written(tmp_path, items, {"B000000001": {"attributes": 3}, "B9": 1}, people), 0, True)
    assert len(catalogue.order) == 1
    assert catalogue.problem_count == 2 + 1500 + 2 + 3
    assert len(catalogue.problems) == 1000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "line 1, character 1"), ("{}x", "no goal|no product"), ("[1, 2", "line 1"), ('[{"a": 1},\n nonsense]', "line 2, character 13"),
        ("[" * 100_000, "no JSON|line 1"), ("7", "expected an array or an object"), ('{"a" 1}', "expected a string and a colon"), ("[1 2]", "expected ','"),
        ('["\\ud800', "line 1"),
    ],
)  # fmt: skip
def test_files_that_are_no_json(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises((CorruptRecord, UsageError), match=words):
        FileCatalogue(written(tmp_path, content), 0, True)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    written(tmp_path, [ITEM])
    (tmp_path / "items_shuffle.json").write_bytes(b"[\xff\xfe]")
    with pytest.raises(CorruptRecord, match="cannot be read"):
        FileCatalogue(tmp_path, 0, True)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"items_shuffle\*.json"):
        Shop(files=str(tmp_path)).start(np.random.default_rng(0))


def test_records_larger_than_the_window(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    members = [{"text": "x" * 700_000, "n": n} for n in range(5)] + [12345]
    path.write_text(json.dumps(members))
    assert [value for _, _, value in records(path)] == members
    path.write_text('["' + "x" * 5_000_000 + '"]')
    with pytest.raises(CorruptRecord, match="4,000,000 characters"):
        list(records(path))


def test_control_characters_and_equal_labels(tmp_path: Path) -> None:
    item = {
        **ITEM,
        "name": "Chair\x1b[31m\nOak",
        "customization_options": {"a": [{"value": "same"}, {"value": "Buy Now"}], "b": [{"value": "same"}]},
    }
    game = Shop(files=str(written(tmp_path, [item])), split="all")
    rng = np.random.default_rng(0)
    state = game.start(rng)
    for command in ("search[chair]", "click[b000000001]"):
        state = game.step(state, {0: command}, rng)
    assert "\x1b" not in game.text.view(state, 0)
    state = game.step(state, {0: "click[same]"}, rng)
    assert state.place.chosen == (("b", "same"),)  # of equal labels the last
    state = game.step(state, {0: "click[buy now]"}, rng)
    assert state.place.chosen == (("b", "same"), ("a", "buy now"))  # an option of that name is in the button's place


def test_the_package_stays_light() -> None:
    code = "import sys, agentarena, agentarena.core.registry as r; r.game('Shop-v0').info; print('bm25s' in sys.modules, 'spacy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["False", "False"]
