"""The Python blocks and the settings of docs/lspo.md."""

import re
import tomllib
from pathlib import Path

from agentarena.train.lspo.config import LSPOConfig
from agentarena.train.lspo.stages import solve_config, tune_config

PAGE = (Path(__file__).parents[3] / "docs" / "lspo.md").read_text(encoding="utf-8")


def test_the_blocks_run():
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/lspo.md", "exec"), names)


def test_the_file_of_settings_is_one():
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    config = LSPOConfig.of(tomllib.loads(text))
    solve_config(config.solve)
    tune_config(config.tune)
    assert config.game().options["players"] == 4
