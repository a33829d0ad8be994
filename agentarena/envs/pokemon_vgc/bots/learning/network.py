"""A network from observations to one logit for each pair of choices, and a value; the mask of legal pairs makes it exact.

        logit(a, b) = left(a) + right(b) + u(a) . v(b)

so the second slot's choice depends on the first one's: the softmax over legal pairs is the same as choosing the first slot, then the
second under the mask that the first one leaves. Axis letters: R decisions, A = 55 choices of a slot, M = 12 Pokemon, H units, V entries.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.envs.pokemon_vgc.actions import OPTIONS
from agentarena.envs.pokemon_vgc.observation import MEMBERS, STATUS, layout, member_slice, slices, split

__all__ = ["PairNetwork", "PairSpec"]

_MOVES_AT = 3
"""Where the four moves begin among a member's numbers of `ids`."""
_SLOTS = ("slot_a", "slot_b")
_GIMMICKS = 3
"""Kinds of a move: plain, with Tera or Mega (X), with Mega Y."""


@dataclass(frozen=True, slots=True)
class PairSpec:
    """Sizes of a `PairNetwork`.

    Attributes:
        embedding: Length of the vectors that stand for species, abilities, items and moves.
        hidden: H, units of the layers.
        rank: Length of the vectors whose product joins the two slots.

    Raises:
        BadOption: A size is no whole number from 1 to 4,096.
    """

    embedding: int = 16
    hidden: int = 96
    rank: int = 16

    def __post_init__(self) -> None:
        for name, size in dataclasses.asdict(self).items():
            if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 4096:
                raise BadOption(f"pair network: {name} is {shown(size)}; expected a whole number from 1 to 4096")

    @classmethod
    def from_json(cls, data: Any) -> PairSpec:
        """The inverse of `dataclasses.asdict`.

        Raises:
            BadOption: A field is missing, unknown or out of range.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(data, Mapping) or set(data) != names:
            raise BadOption(f"pair network: got {shown(data, 200)}; expected the fields {', '.join(sorted(names))}")
        return cls(**data)


class PairNetwork(nn.Module):
    """See the module. The order of a team's members changes nothing but the numbers of their switches.

    Attributes:
        spec: What it was built from.
    """

    def __init__(self, spec: PairSpec | None = None) -> None:
        super().__init__()
        self.spec = spec = spec or PairSpec()
        hidden, table = spec.hidden, layout()
        words = table["ids"]["vocabulary"]
        self.embed = nn.ModuleDict({name: nn.Embedding(words[name], spec.embedding) for name in ("species", "ability", "item", "move")})
        self._field, member = len(table["features"]["field"]), len(table["features"]["member"])
        self.member = _layers(member + 1 + 4 * spec.embedding, hidden, hidden)
        self.context = _layers(self._field + len(STATUS) + 7 * hidden, hidden, hidden)
        self.move = _layers(int(table["options"]["size"]) + spec.embedding + 2 * hidden, hidden, hidden)
        self.switch = _layers(2 * hidden, hidden, hidden)
        self.unary = nn.ModuleDict({"move": nn.Linear(hidden, _GIMMICKS), "switch": nn.Linear(hidden, 1), "pass": nn.Linear(hidden, 1)})
        self.joined = nn.ModuleDict({"move": nn.Linear(hidden, 2 * spec.rank), "switch": nn.Linear(hidden, 2 * spec.rank)})
        self.gimmick = nn.Parameter(torch.zeros(_GIMMICKS, 2 * spec.rank))
        self.value = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self._scale: Tensor
        self.register_buffer("_scale", _status_scale(), persistent=False)

    def forward(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of all pairs, 55 times the left choice plus the right one, and values.

        Args:
            observations: Vectors of `observation.observe`. Shape (R, n), float32.

        Returns:
            Shapes (R, A * A) and (R,).
        """
        numbers: Any = observations[:, : slices()["status"].stop]
        parts: Mapping[str, Any] = split(numbers)
        ids = parts["ids"].long()
        members = self._members(parts, ids)
        context, active = self._context(parts, members)
        choices = [
            self._choices(parts["options"][:, slot], self._moves_of(parts["features"], ids, name), members, context, active[slot])
            for slot, name in enumerate(_SLOTS)
        ]
        (left, left_rank), (right, right_rank) = choices
        rank = self.spec.rank
        joint = torch.einsum("rak,rbk->rab", left_rank[..., :rank], right_rank[..., rank:]) / rank**0.5
        logits = left[:, :, None] + right[:, None, :] + joint
        return logits.flatten(1), self.value(context).squeeze(-1)

    def _members(self, parts: Mapping[str, Tensor], ids: Tensor) -> Tensor:
        """What each of the twelve is. Shape (R, M, H)."""
        numbers = parts["features"][:, self._field :].reshape(len(ids), MEMBERS, -1)
        names = ("species", "ability", "item")
        words = [self.embed[name](ids[..., place]) for place, name in enumerate(names)]
        words.append(self.embed["move"](ids[..., _MOVES_AT:]).mean(-2))
        lineup = parts["status"][:, STATUS.index("lineup_1") : STATUS.index("lineup_1") + MEMBERS // 2]
        places = torch.arange(1, MEMBERS + 1, device=ids.device)
        chosen = (lineup[:, None, :] == places[None, :, None]).any(-1, keepdim=True)
        return self.member(torch.cat([numbers, chosen.float(), *words], -1))

    def _context(self, parts: Mapping[str, Tensor], members: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The battle as a whole, shape (R, H); and the own members in the left and right slot, shape (R, H) each."""
        features = parts["features"]
        half = MEMBERS // 2
        active = [self._in_slot(features, members, range(begin, begin + half), name) for begin in (0, half) for name in _SLOTS]
        pooled = [members[:, :half].mean(1), members[:, half:].mean(1), members[:, :half].amax(1)]
        status = parts["status"] * self._scale
        return self.context(torch.cat([features[:, : self._field], status, *active, *pooled], -1)), active[:2]

    def _in_slot(self, features: Tensor, members: Tensor, rows: range, name: str) -> Tensor:
        weights = features[:, [member_slice(index, name) for index in rows]]
        return (weights[..., None] * members[:, rows.start : rows.stop]).sum(1)

    def _choices(self, options: Tensor, words: Tensor, members: Tensor, context: Tensor, user: Tensor) -> tuple[Tensor, Tensor]:
        """The logit of each choice of a slot, shape (R, A), and the vectors that join it with the other's, shape (R, A, 2 * rank)."""
        rows = len(context)
        known = torch.cat([context, user], -1)
        moves = self.move(torch.cat([options, words, _along(known, OPTIONS)], -1))
        half = MEMBERS // 2
        switches = self.switch(torch.cat([members[:, :half], _along(context, half)], -1))
        plain = self.unary["move"](moves).transpose(1, 2).reshape(rows, _GIMMICKS * OPTIONS)
        unary = torch.cat([self.unary["pass"](context), self.unary["switch"](switches).squeeze(-1), plain], -1)
        base = self.joined["move"](moves)[:, None] + self.gimmick[None, :, None]
        nothing = torch.zeros(rows, 1, base.shape[-1], device=base.device)
        joined = torch.cat([nothing, self.joined["switch"](switches), base.reshape(rows, _GIMMICKS * OPTIONS, -1)], 1)
        return unary, joined

    def _moves_of(self, features: Tensor, ids: Tensor, name: str) -> Tensor:
        """For each option of a slot, the vector of its move. Shape (R, 16, embedding)."""
        half = MEMBERS // 2
        stands = features[:, [member_slice(index, name) for index in range(half)]]
        words = self.embed["move"](ids[:, :half, _MOVES_AT:])  # (R, 6, 4, embedding)
        return (stands[:, :, None, None] * words).sum(1).repeat_interleave(OPTIONS // 4, 1)


def _along(values: Tensor, count: int) -> Tensor:
    """Shape (R, H) -> (R, count, H)."""
    return values[:, None].expand(-1, count, -1)


def _layers(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs), nn.ReLU())


def _status_scale() -> Tensor:
    """Brings the numbers of `status` to about 1."""
    large = {"turn": 50.0, "turns_left": 100.0, "pick": 4.0}
    return torch.tensor([1.0 / large.get(name, 6.0 if name[-1].isdigit() else 1.0) for name in STATUS])
