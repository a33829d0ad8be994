"""A table for scripted matches of Werewolf: given roles at given seats, moves by seat, anything unsaid the first legal move."""

from __future__ import annotations

from agentarena.core.rng import stream
from agentarena.envs.werewolf import Werewolf
from agentarena.envs.werewolf.options import ROLES
from agentarena.envs.werewolf.state import PHASES


class Table:
    """A match under way whose seats have the roles named, e.g. "W S D V V"."""

    def __init__(self, roles: str, preset=None, **options):
        letters = {"V": "villager", "W": "werewolf", "S": "seer", "D": "doctor", "H": "hunter", "I": "witch", "G": "guard"}
        letters |= {"M": "mason", "E": "medium", "P": "possessed"}
        wanted = [letters[letter] for letter in roles.split()]
        counts = {role: wanted.count(role) for role in wanted}
        flags = {role: int(role in counts) for role in ("seer", "doctor", "hunter", "witch", "guard", "medium", "possessed")}
        settings = {"players": len(wanted), "wolves": counts["werewolf"], "mason": counts.get("mason", 0), **flags}
        self.game = Werewolf.build(preset, **{"discussion": "none", "names": "numbers", **settings, **options})
        self.rng = stream(0)
        deal = tuple(ROLES.index(role) for role in wanted)
        self.state = next(s for seed in range(100_000) if (s := self.game.start(stream(seed))).roles == deal)
        self.log = list(self.game.news(self.state))

    def __call__(self, **moves):
        """Step: `s0=3` has seat 0 play 3; everybody else plays the first legal move."""
        given = {int(name[1:]): action for name, action in moves.items()}
        assert set(given) <= set(self.state.to_move), f"asked are {self.state.to_move}, not {sorted(given)}"
        actions = {seat: given.get(seat, self.game.legal(self.state, seat)[0]) for seat in self.state.to_move}
        self.state = self.game.step(self.state, actions, self.rng)
        self.log += self.game.news(self.state)
        return self

    def vote(self, *targets):
        """All living vote; one target, or one each in seat order."""
        asked = self.state.to_move
        each = targets if len(targets) > 1 else [targets[0] if seat != targets[0] else self.other(seat) for seat in asked]
        return self(**{f"s{seat}": target for seat, target in zip(asked, each, strict=True)})

    def other(self, seat):
        return next(target for target in self.game.legal(self.state, seat) if target != seat)

    @property
    def phase(self):
        return PHASES[self.state.phase]

    @property
    def alive(self):
        return [seat for seat in range(self.game.players) if self.state.alive >> seat & 1]

    def events(self, kind):
        return [event.data for event in self.log if event.kind == kind]
