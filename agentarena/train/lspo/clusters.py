"""The latent moves: what a language model proposes, in clusters, one set of clusters a role.

Sentences are compared without names (`words`) and each once, however often it was proposed. k-means with many starts finds the
clusters of a role; their number is fixed or the best silhouette of a range. Everybody hears an utterance as a *symbol*: a cluster of
all roles' sentences together, for the clusters of one role would betray it. A latent move is a part of a cluster that is heard as one
symbol, and about a seat or not.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError
from agentarena.train.settings import check_fields, setting

from .embedding import Embedding, checked_embedding, fit_embedding
from .words import Normal

__all__ = ["MOST", "ClusterSettings", "Clusters", "RoleClusters", "Sentence", "fit_clusters", "purity"]

MOST = 64
"""Most clusters of a role, and most symbols."""
_SILHOUETTE = 2000
"""Sentences that a silhouette is measured on."""
_LEAST_STARTS = 20


@dataclass(frozen=True, kw_only=True)
class ClusterSettings:
    """How sentences become clusters.

    Attributes:
        count: Clusters of a role; 0 for the best silhouette of the range.
        grow: Added to `count` with every iteration.
        low: Least number of clusters that is tried.
        high: Greatest.
        joint: Whether all roles share one clustering, whose clusters are the symbols: fewer latent moves, for exact solvers.
        symbols: Clusters of all roles together, as which utterances are heard; 0 for as many as the role with most clusters has.
        starts: Random starts of k-means, of which the best counts.
        embedding: See `embedding`.
        dimensions: Of the points, where the embedding can choose.
        contrast: Whether TF-IDF weighs terms by how much the candidates of one prompt differ in them (`embedding.contrasts`).
        seed: Of the starts.
    """

    count: int = setting(0, low=0, high=MOST)
    grow: int = setting(0, low=0, high=MOST)
    low: int = setting(3, low=1, high=MOST)
    high: int = setting(12, low=1, high=MOST)
    joint: bool = False
    symbols: int = setting(0, low=0, high=MOST)
    starts: int = setting(_LEAST_STARTS, low=_LEAST_STARTS, high=1000)
    embedding: str = "tfidf"
    dimensions: int = setting(32, low=1, high=4096)
    contrast: bool = True
    seed: int = setting(0, low=0, high=2**31)

    def __post_init__(self) -> None:
        check_fields(self, "lspo: clusters")
        if self.low > self.high:
            raise BadOption(f"lspo: clusters.low is {self.low} and high {self.high}; expected low <= high")
        checked_embedding(self.embedding)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that was proposed.

    Attributes:
        text: The words, without names.
        cluster: Of its role; -1 for none.
        count: How often it was proposed.
        about: How often it named a seat that it could be about.
    """

    text: str
    cluster: int
    count: int
    about: int


@dataclass(frozen=True, slots=True)
class RoleClusters:
    """The clusters of one role.

    Attributes:
        centres: Shape (K, D): K clusters, D dimensions of the embedding.
        names_seat: Of each cluster, whether an utterance of it is about a seat.
        symbols: Of each cluster, the symbol that it is heard as.
        sentences: All distinct ones, those proposed most often first.
        silhouettes: Number of clusters -> mean silhouette in [-1, 1]; empty where the number was fixed.
    """

    centres: np.ndarray
    names_seat: tuple[bool, ...]
    symbols: tuple[int, ...]
    sentences: tuple[Sentence, ...]
    silhouettes: Mapping[int, float]

    @property
    def count(self) -> int:
        """Number of clusters."""
        return len(self.names_seat)

    def members(self, cluster: int) -> Iterator[Sentence]:
        """The sentences of a cluster, those proposed most often first."""
        return (one for one in self.sentences if one.cluster == cluster)


@dataclass(frozen=True)
class Clusters:
    """The clusters of every role, and the symbols that all hear.

    Attributes:
        embedding: From sentences to points.
        roles: Role -> its clusters.
        symbol_centres: Shape (M, D): M symbols. Of a game with one role these are its clusters.
    """

    embedding: Embedding
    roles: Mapping[str, RoleClusters]
    symbol_centres: np.ndarray

    def assign(self, role: str, utterances: Sequence[Normal]) -> np.ndarray:
        """The cluster of each utterance of a role; int64 of shape (N,).

        It is the nearest one that is heard as the utterance is, and about a seat where it is; else the nearest that is about a seat where
        it is. What is about somebody may be in a cluster about nobody where there are no others; the other way round it is in none: -1.
        """
        clusters = self._role(role)
        if not utterances:
            return np.zeros(0, np.int64)
        points, rows = self._points(utterances)
        heard = _distances(points, self.symbol_centres).argmin(axis=1)[rows]
        about = np.array([one.target >= 0 for one in utterances])
        distances = _distances(points, clusters.centres)[rows]
        fits = np.array(clusters.names_seat)[None] == about[:, None]
        alike = fits & (np.array(clusters.symbols)[None] == heard[:, None])
        allowed = np.where(alike.any(1)[:, None], alike, np.where(fits.any(1)[:, None], fits, about[:, None]))
        nearest = np.where(allowed, distances, np.inf).argmin(axis=1)
        return np.where(allowed.any(axis=1), nearest, -1)

    def hear(self, utterances: Sequence[Normal]) -> np.ndarray:
        """The symbol of each utterance, whoever says it; int64 of shape (N,)."""
        if not utterances:
            return np.zeros(0, np.int64)
        points, rows = self._points(utterances)
        return _distances(points, self.symbol_centres).argmin(axis=1)[rows]

    def names_seat(self, role: str, cluster: int) -> bool:
        """Whether an utterance of the cluster is about a seat."""
        return self._role(role).names_seat[cluster]

    def _points(self, utterances: Sequence[Normal]) -> tuple[np.ndarray, list[int]]:
        """The point of every different text, and the row of each utterance among them."""
        places: dict[str, int] = {}
        rows = [places.setdefault(one.text, len(places)) for one in utterances]
        return self.embedding.embed(list(places)), rows

    def _role(self, role: str) -> RoleClusters:
        if role not in self.roles:
            raise UsageError(f"there are no clusters of role {shown(role)}; there are those of {', '.join(self.roles)}")
        return self.roles[role]


def fit_clusters(utterances: Mapping[str, Sequence[Sequence[Normal]]], settings: ClusterSettings, grown: int = 0) -> Clusters:
    """Cluster what each role proposed.

    Args:
        utterances: Role -> the candidates of each prompt, repetitions included.
        settings: How.
        grown: Added to a fixed number of clusters, e.g. by later iterations.

    Raises:
        UsageError: A role proposed nothing.
    """
    tallies = {role: _tally(one for prompt in of_role for one in prompt) for role, of_role in utterances.items()}
    for role, tally in tallies.items():
        if not tally:
            raise UsageError(f"role {shown(role)} proposed nothing to say, so it has no clusters; generate more matches")
    texts = sorted({text for tally in tallies.values() for text in tally})
    proposals = [[[one.text for one in prompt if one.text] for prompt in of_role] for of_role in utterances.values()]
    embedding = fit_embedding(settings.embedding, texts, settings.dimensions, proposals if settings.contrast else ())
    points = embedding.embed(texts)
    rows = {role: [place for place, text in enumerate(texts) if text in tally] for role, tally in tallies.items()}
    if settings.joint or len(tallies) == 1:
        symbol_centres, heard, silhouettes = _k_means(points, settings, grown)
        labels = {role: (heard[of_role], silhouettes) for role, of_role in rows.items()}
    else:
        fits = {role: _k_means(points[of_role], settings, grown) for role, of_role in rows.items()}
        labels = {role: (fit[1], fit[2]) for role, fit in fits.items()}
        symbol_centres, heard, _ = _fixed(points, settings.symbols or max(len(fit[0]) for fit in fits.values()), settings)
    parts = {role: _Parts(tallies[role], points[of_role], labels[role][0], heard[of_role]) for role, of_role in rows.items()}
    audible = {kind[1:] for one in parts.values() for kind in one.heavy()}
    unsorted = {role: one.clusters(audible, labels[role][1]) for role, one in parts.items()}
    clusters = Clusters(embedding, unsorted, symbol_centres)
    return replace(clusters, roles={role: _sorted_in(clusters, role) for role in unsorted})


def purity(clusters: RoleClusters, meaning: Callable[[str], Hashable | None]) -> float:
    """The share of what was proposed that has its cluster's most frequent meaning; in (0, 1], 1 where no cluster mixes meanings.

        purity = sum over clusters of [max over meanings of count] / sum of all counts

    Args:
        clusters: Of one role.
        meaning: The known meaning of a sentence; `None` where it has none, which counts as a meaning of its own.

    Unlike a score against chance it is 1 where every sentence is a cluster: compare it only between equal numbers of clusters.
    """
    counts: dict[int, Counter[Hashable]] = {}
    for one in clusters.sentences:
        counts.setdefault(one.cluster, Counter())[meaning(one.text)] += one.count
    return sum(max(count.values()) for count in counts.values()) / sum(one.count for one in clusters.sentences)


def _tally(utterances: Iterable[Normal]) -> dict[str, tuple[int, int]]:
    """Text -> how often it was proposed, and how often about a seat."""
    tally: dict[str, tuple[int, int]] = {}
    for text, target in utterances:
        if text:
            count, about = tally.get(text, (0, 0))
            tally[text] = count + 1, about + (target >= 0)
    return tally


_Kind = tuple[int, int, bool]
"""A part of a cluster: the cluster, the symbol that it is heard as, whether it is about a seat."""


class _Parts:
    """The clusters of a role, each split by what is heard of its sentences: its latent moves.

    A move is heard as one symbol and is about a seat or not. Were a cluster heard as the symbol of most of its sentences alone, a role
    would be unable to say in the latent game what it says at the table, and what only others can say would prove who they are.
    """

    def __init__(self, tally: Mapping[str, tuple[int, int]], points: np.ndarray, labels: np.ndarray, heard: np.ndarray) -> None:
        self._tally, self._points = tally, points
        self._kinds: list[_Kind] = [
            (int(label), int(symbol), tally[text][1] > 0) for text, label, symbol in zip(sorted(tally), labels, heard, strict=True)
        ]
        self._weights: Counter[_Kind] = Counter()
        for text, kind in zip(sorted(tally), self._kinds, strict=True):
            self._weights[kind] += tally[text][0]
        self._order = sorted(self._weights, key=lambda kind: (-self._weights[kind], kind))

    def heavy(self) -> list[_Kind]:
        """The heaviest part of each cluster, and those with a share of their own, heaviest first."""
        firsts = {kind[0]: kind for kind in reversed(self._order)}
        least = _LEAST_SHARE * self._weights.total()
        return [kind for kind in self._order if firsts[kind[0]] == kind or self._weights[kind] >= least][:MOST]

    def clusters(self, audible: Set[tuple[int, bool]], silhouettes: Mapping[int, float]) -> RoleClusters:
        """The clusters; what another role can be heard to say is a move from two occurrences on, for then it can be imitated."""
        kinds = self.heavy()
        audible_now = {kind[1:] for kind in kinds}
        for kind in self._order:
            if kind[1:] in audible - audible_now and self._weights[kind] >= _LEAST_COUNT and len(kinds) < MOST:
                kinds.append(kind)
                audible_now.add(kind[1:])
        kinds.sort(key=lambda kind: (kind[0], -self._weights[kind], kind))
        centres = np.stack([self._points[[place for place, one in enumerate(self._kinds) if one == kind]].mean(axis=0) for kind in kinds])
        texts = sorted(self._tally, key=lambda text: (-self._tally[text][0], text))
        sentences = tuple(Sentence(text, -1, *self._tally[text]) for text in texts)
        return RoleClusters(centres, tuple(kind[2] for kind in kinds), tuple(kind[1] for kind in kinds), sentences, dict(silhouettes))


_LEAST_SHARE = 0.02
"""Share of a role's proposals from which on a part of a cluster that is heard otherwise is a move of its own."""
_LEAST_COUNT = 2
"""Proposals from which on it is one where another role can be heard to say it."""


def _sorted_in(clusters: Clusters, role: str) -> RoleClusters:
    """The clusters of a role with each sentence in the one that `assign` gives; -1 where that is none."""
    one = clusters.roles[role]
    labels = clusters.assign(role, [Normal(sentence.text, 0 if sentence.about else -1) for sentence in one.sentences])
    return replace(one, sentences=tuple(replace(s, cluster=int(label)) for s, label in zip(one.sentences, labels.tolist(), strict=True)))


def _k_means(points: np.ndarray, settings: ClusterSettings, grown: int) -> tuple[np.ndarray, np.ndarray, dict[int, float]]:
    """Centres, labels and silhouettes of one role's points."""
    if settings.count:
        return _fixed(points, min(MOST, settings.count + grown), settings)
    from sklearn.metrics import silhouette_score

    rng = np.random.default_rng(settings.seed)
    rows = np.sort(rng.permutation(len(points))[:_SILHOUETTE])
    fits, silhouettes = {}, {}
    for count in range(max(2, settings.low), min(settings.high, len(points) - 1) + 1):
        fit = _fixed(points, count, settings)
        if 1 < len(np.unique(fit[1][rows])) < len(rows):
            fits[count], silhouettes[count] = fit, float(silhouette_score(points[rows], fit[1][rows]))
    if not fits:
        return _fixed(points, settings.low, settings)
    best = max(silhouettes, key=lambda count: (round(silhouettes[count], 9), -count))
    return fits[best][0], fits[best][1], silhouettes


def _fixed(points: np.ndarray, count: int, settings: ClusterSettings) -> tuple[np.ndarray, np.ndarray, dict[int, float]]:
    """k-means with `count` clusters, or as many as there are different points."""
    from sklearn.cluster import KMeans

    count = min(count, len(np.unique(points.round(9), axis=0)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer distinct points than clusters
        fit = KMeans(n_clusters=count, n_init=settings.starts, random_state=settings.seed).fit(points)
    labels, centres = fit.labels_.astype(np.int64), np.asarray(fit.cluster_centers_, np.float64)
    order = sorted(range(count), key=lambda cluster: (-int((labels == cluster).sum()), int(np.argmax(labels == cluster))))
    place = np.argsort(order)
    return centres[order], place[labels], {}


def _distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances, shape (N, K)."""
    return (
        np.asarray(((points[:, None, :] - centres[None]) ** 2).sum(axis=-1))
        if len(points) * len(centres) < 10_000
        else _far(points, centres)
    )


def _far(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.asarray((points**2).sum(1)[:, None] - 2 * points @ centres.T + (centres**2).sum(1)[None])


def as_json(clusters: Clusters) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The clusters as JSON and arrays; `of_json` is the inverse."""
    roles = {
        role: {
            "names_seat": list(one.names_seat),
            "symbols": list(one.symbols),
            "silhouettes": {str(count): value for count, value in one.silhouettes.items()},
            "sentences": [[s.text, s.cluster, s.count, s.about] for s in one.sentences],
        }
        for role, one in clusters.roles.items()
    }
    arrays = {f"centres_{number}": one.centres for number, one in enumerate(clusters.roles.values())}
    data = {"format": 1, "embedding": clusters.embedding.about(), "roles": roles}
    return data, {**arrays, "symbols": clusters.symbol_centres, **{f"embedding_{n}": a for n, a in clusters.embedding.arrays().items()}}


def of_json(data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Clusters:
    """The clusters that `as_json` gave.

    Raises:
        UsageError: These are none.
    """
    from .embedding import embedding_of

    try:
        fitted = {name.removeprefix("embedding_"): array for name, array in arrays.items() if name.startswith("embedding_")}
        roles = {
            str(role): RoleClusters(
                np.asarray(arrays[f"centres_{number}"], np.float64),
                tuple(map(bool, one["names_seat"])),
                tuple(map(int, one["symbols"])),
                tuple(Sentence(str(text), int(cluster), int(count), int(about)) for text, cluster, count, about in one["sentences"]),
                {int(count): float(value) for count, value in one["silhouettes"].items()},
            )
            for number, (role, one) in enumerate(data["roles"].items())
        }
        symbols = np.asarray(arrays["symbols"], np.float64)
        if any(len(one.centres) != one.count or len(one.symbols) != one.count or one.centres.ndim != 2 for one in roles.values()):
            raise ValueError("numbers of clusters differ")
        return Clusters(embedding_of(data["embedding"], fitted), roles, symbols)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"no clusters can be made of what is written: {shown(str(error), 200)}") from None
