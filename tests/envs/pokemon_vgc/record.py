"""Writes the golden transcript of PokemonVGC-v0 and the recording of the engine that it replays from without Node.

python tests/envs/pokemon_vgc/record.py          # needs the simulator: agentarena pokemon install
"""

from __future__ import annotations

from pathlib import Path

from agentarena.check.golden import transcript, write_golden
from agentarena.envs.pokemon_vgc.engine import Engine, use
from agentarena.envs.pokemon_vgc.engine.recorded import recording_engine

HERE = Path(__file__).parent
RECORDING = HERE / "transcript.jsonl.gz"
GOLDEN = HERE.parents[1] / "golden"
ENV = "PokemonVGC-v0"


def main() -> None:
    write_golden(ENV, GOLDEN)
    with Engine() as engine, recording_engine(engine, RECORDING) as recorded, use(recorded):
        transcript(ENV)


if __name__ == "__main__":
    main()
