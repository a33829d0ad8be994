"""`lspo:FOLDER`: a finished iteration of LSPO at a table where everybody else plays as they like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from agentarena.core.agent import Agent, View
from agentarena.core.agent import Decision as Answer
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.core.game import Game
from agentarena.core.registry import env_id_of

from .artefacts import STAGES, Iteration, iterations, read_json
from .config import LSPOConfig
from .player import Player
from .policy import load_policy
from .run import SETTINGS
from .speaker import Speaker, SpeechPrompt, load_speaker
from .stages import Load, domain_of, load_clusters, tuned_speaker

__all__ = ["LSPO", "load_run"]

Speaking = Literal["policy", "uniform", "clusters"]


def load_run(folder: str | Path) -> tuple[LSPOConfig, list[Iteration]]:
    """Settings and iterations of a run.

    Raises:
        UsageError: There is no run there.
    """
    path = Path(folder) / SETTINGS
    if not path.is_file():
        raise UsageError(f"{shown(str(folder), 300)} holds no LSPO run; expected {SETTINGS} there, which `agentarena lspo run` writes")
    data = read_json(path)
    if not isinstance(data, dict):
        raise UsageError(f"{shown(str(path), 300)} holds no settings")
    return LSPOConfig.of(data), iterations(folder)


class LSPO(Agent):
    """Speaks in a language model's words, chosen by a latent policy; makes all other moves by that policy.

    Candidates of the model are put into clusters, the policy draws a cluster among those there are, and one candidate of it is said.
    What others say is heard through the clusters. Where no candidate is a latent move, a sentence of the cluster is said.

    Args:
        path: Folder of a run.
        iteration: Which iteration plays; -1 is the last one that has a policy.
        candidates: Utterances to ask the model for at each turn; 0 for as many as in the run.
        rounds: How often to ask for as many again while a likely move of the policy is not among them, 1 to 10.
        speech: "policy" for the candidate that the policy chooses; "uniform" for one at random; "clusters" for sentences of the
            clusters by the policy, without a model.
        speaker: Another model than the iteration's, by a spec as `load_speaker` reads it.

    Raises:
        UsageError: There is no such run or iteration, or its files are damaged.
    """

    def __init__(
        self,
        path: str,
        iteration: int = -1,
        candidates: int = 0,
        rounds: int = 1,
        speech: Speaking = "policy",
        speaker: str = "",
        *,
        load: Load = load_speaker,
    ) -> None:
        if speech not in get_args(Speaking):
            raise BadOption(f"lspo: speech is {shown(speech)}; allowed: {', '.join(get_args(Speaking))}")
        for name, number, low, high in (("candidates", candidates, 0, 64), ("rounds", rounds, 1, 10)):
            if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
                raise BadOption(f"lspo: {name} is {shown(number)}; expected a whole number from {low} to {high}")
        self.config, folders = load_run(path)
        chosen = _chosen(path, folders, iteration)
        self.iteration, folder = chosen, folders[chosen]
        for stage in STAGES[1:3]:
            if reason := folder.why_not_done(stage):
                raise UsageError(f"{shown(str(path), 300)}: {reason}; `agentarena lspo run` makes it anew")
        self._clusters, policy = load_clusters(folder), load_policy(folder.path / "policy")
        spec = speaker or (tuned_speaker(self.config.speaker, folders[chosen - 1]) if chosen else self.config.speaker)
        self._player = Player(
            lambda game: domain_of(self.config.speech, game),
            None if speech == "clusters" else _Shared(spec, load),
            candidates=candidates or self.config.candidates,
            rounds=rounds,
            clusters=self._clusters,
            policy=policy,
            uniform=speech == "uniform",
        )
        entry = folder.entry("solve")
        self.version = "" if entry is None else entry.digest[:12]

    def cannot_play(self, game: Game[Any]) -> str | None:
        """Why its policy is for another game; `None` when it is for this one, however one speaks there."""
        env = env_id_of(game)
        if env != self.config.env:
            return f"its policy is for {shown(self.config.env)}, not for {env}"
        try:
            own, other = (domain_of(self.config.speech, one) for one in (self.config.game(), game))
        except NotSupported as error:
            return str(error)
        if own.signature(self._clusters) != other.signature(self._clusters):
            return f"its policy is for other options of {env}; they are in {SETTINGS} of the run"
        return None

    def act(self, views: Sequence[View]) -> Sequence[Answer]:
        return self._player.act(views)

    def close(self) -> None:
        self._player.close()


class _Shared:
    """A speaker that agents of one process have in common: loaded once, closed with the last of them."""

    _speakers: ClassVar[dict[tuple[str, Load], tuple[Speaker, int]]] = {}

    def __init__(self, spec: str, load: Load) -> None:
        self._key: tuple[str, Load] | None = (spec, load)
        speaker, users = self._speakers.get(self._key) or (load(spec), 0)
        self._speakers[self._key] = speaker, users + 1
        self._speaker, self.name, self.counts = speaker, speaker.name, speaker.counts

    def propose(self, prompts: Sequence[SpeechPrompt], n: int, seeds: Sequence[int] | int) -> list[list[str]]:
        return self._speaker.propose(prompts, n, seeds)

    def close(self) -> None:
        if self._key is None:
            return
        speaker, users = self._speakers.pop(self._key)
        if users > 1:
            self._speakers[self._key] = speaker, users - 1
        else:
            speaker.close()
        self._key = None


def _chosen(path: str, folders: Sequence[Iteration], number: int) -> int:
    """The number of the iteration that plays."""
    done = [place for place, folder in enumerate(folders) if folder.entry("solve") is not None]
    if not done:
        raise UsageError(f"{shown(str(path), 300)} has no iteration with a policy yet; let `agentarena lspo run` go on")
    if isinstance(number, bool) or not isinstance(number, int) or (number != -1 and number not in done):
        raise BadOption(f"lspo: iteration is {shown(number)}; {shown(str(path), 200)} has {', '.join(map(str, done))}, and -1 for the last")
    return done[-1] if number == -1 else number
