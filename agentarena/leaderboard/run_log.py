"""What an edition's log says of its runs, and the entries that runs write into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agentarena.core.display import shown
from agentarena.core.distribution import version
from agentarena.core.errors import RecordBusy, UsageError
from agentarena.core.record_files import RECORDS
from agentarena.core.replay import verify
from agentarena.matches.results import Results

from .home import Edition
from .projection import project
from .runs import records_digest, seed_digest
from .store import Store

__all__ = ["Entrant", "RunLog"]

Entrant = dict[str, str]
"""An agent as the log names it: name, version, level."""


class RunLog:
    """The log of an edition with its index, which follows each entry.

    Args:
        edition: The edition.
        store: The index.
    """

    def __init__(self, edition: Edition, store: Store) -> None:
        self._edition, self._store = edition, store

    def write(self, event: str, **facts: Any) -> None:
        """Add an entry."""
        self._edition.log.append(event, **facts)
        project(self._edition, self._store)

    def write_once(self, event: str, facts: dict[str, Any], unless: Any) -> dict[str, Any] | None:
        """Add an entry unless the entries so far say otherwise; what was added."""
        entry = self._edition.log.append_if(lambda entries: None if unless(entries) else (event, facts))
        project(self._edition, self._store)
        return entry

    def entries(self, event: str) -> Iterator[dict[str, Any]]:
        """The entries of an event, in order."""
        return (entry for entry in self._edition.log.read() if entry["event"] == event)

    def opened(self, run: str) -> dict[str, Any] | None:
        """The entry of a run's beginning."""
        return _entry(self._edition.log.read(), "run-opened", run)

    def closed(self, run: str) -> dict[str, Any] | None:
        """The entry of a run's end."""
        return _entry(self._edition.log.read(), "run-closed", run)

    def open(self, run: str, submission: str | None, entrants: list[Entrant], seed: int) -> dict[str, Any]:
        """The entry of a run's beginning, which is written where it is missing.

        Raises:
            UsageError: It was begun by other agents, or under another version of the package.
            RecordBusy: Another process has just begun it.
        """
        facts = {"run": run, "submission": submission, "agents": entrants, "seed_sha256": seed_digest(seed), "package": version()}
        before = self.opened(run)
        if before is not None:
            changed = [name for name, value in facts.items() if before[name] != value]
            if changed:
                raise UsageError(
                    f"the run of {run} was begun with other {changed[0].replace('_', ' ')}: {shown(before[changed[0]], 200)} then, "
                    f"{shown(facts[changed[0]], 200)} now. Raise `version` in agent.toml to begin another"
                )
            return before
        entry = self.write_once("run-opened", facts, lambda entries: _entry(entries, "run-opened", run))
        if entry is None:
            raise RecordBusy(f"another process has just begun the run of {run}; wait for it")
        return entry

    def close(self, run: str, submission: str | None, results: Results, seed: int, **more: Any) -> None:
        """Write the entry of a run's end, after the matches were played again: only what verifies counts.

        Args:
            run: Its name.
            submission: Whose it is; `None` where it is the board's.
            results: Its matches.
            seed: Its seed.
            more: What the schedule follows from, and what else belongs in the entry.

        Raises:
            UsageError: A record does not replay.
        """
        outcome = verify(self._edition.run_folder(run) / RECORDS)
        if not outcome.ok:
            raise UsageError(f"the run of {run} does not verify, so it does not count: {outcome.mismatches[0]}")
        facts = {"run": run, "submission": submission, "matches": len(results), "records_sha256": records_digest(results), "seed": seed}
        self.write_once("run-closed", {**facts, **more}, lambda entries: _entry(entries, "run-closed", run))


def _entry(entries: Sequence[dict[str, Any]], event: str, run: str) -> dict[str, Any] | None:
    return next((entry for entry in entries if entry["event"] == event and entry["run"] == run), None)
