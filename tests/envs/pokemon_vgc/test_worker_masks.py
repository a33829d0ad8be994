"""Masks are exact: every candidate choice string is offered to the simulator's own validator (engine/js/exactness.js)."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from pokemon_helpers import needs_simulator
from worker_helpers import FORMATS, teams_of

from agentarena.envs.pokemon_vgc.engine.install import worker_command

pytestmark = needs_simulator


def exactness(format: str, requests: int, folder: Path) -> dict:
    """Compare masks with the validator on some requests of random battles."""
    launch = worker_command()
    teams = teams_of(format, 16)
    file = folder / "teams.txt"
    if teams is not None:
        file.write_text("\n".join(teams) + "\n", encoding="utf-8")
    script = Path(launch.argv[-1]).with_name("exactness.js")
    argv = [*launch.argv[:-1], str(script), format, str(requests), "-" if teams is None else str(file)]
    done = subprocess.run(argv, env={**os.environ, **launch.environment}, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.parametrize("format", FORMATS)
def test_masks_are_exact(format, tmp_path):
    result = exactness(format, 30, tmp_path)
    assert result["requests"] >= 30
    assert result["offered"] > 10_000
    assert result["wrong"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
def test_masks_are_exact_on_many_requests(format, tmp_path):
    assert exactness(format, 400, tmp_path)["wrong"] == 0
