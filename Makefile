# agentarena: everything runs in the project's own .venv. Needs Python >= 3.11 and make.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo pokemon test test-slow test-vllm test-verifiers test-rllib test-alfworld test-text lint format boards bench docs clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

.venv/base: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "agentarena needs Python >= 3.11, this is " + sys.version.split()[0] + "; name another with make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --quiet --constraint requirements.lock --editable .
	@touch $@

.venv/dev: .venv/base
	$(PIP) install --quiet --constraint requirements.lock --editable '.[dev,rl,torchrl,llm,lora,train,lspo]'
	@touch $@

.venv/bench: .venv/base
	$(PIP) install --quiet --constraint requirements.lock --editable '.[bench]'
	@touch $@

.venv/docs: .venv/base
	$(PIP) install --quiet --constraint requirements.lock --editable '.[docs]'
	@touch $@

demo: .venv/base ## play the Dhumbal championship and write demo/report.html
	$(BIN)/agentarena demo

# Without a registry in reach the tests that need the simulator are skipped, with the reason.
.venv/pokemon: .venv/dev agentarena/envs/pokemon_vgc/engine/package.json agentarena/envs/pokemon_vgc/engine/package-lock.json
	@if $(BIN)/agentarena pokemon install; then touch $@; else echo "the simulator of Pokémon VGC does not install here; its tests are skipped"; fi

pokemon: .venv/dev ## install the simulator of Pokémon VGC into the cache
	$(BIN)/agentarena pokemon install

test: .venv/dev .venv/pokemon ## run the tests, but for the slow ones (12 minutes on two cores)
	$(BIN)/python -m pytest -n auto -m "not slow"

test-slow: .venv/dev .venv/pokemon ## run the slow tests: statistics of many matches, trained models, whole commands
	$(BIN)/python -m pytest -n auto -m slow --ignore tests/with_vllm

VLLM := .venv-vllm/bin/python

.venv-vllm/ready: pyproject.toml requirements-vllm.lock
	test -x $(VLLM) || $(PYTHON) -m venv .venv-vllm
	$(VLLM) -m pip --disable-pip-version-check install --quiet --no-compile --no-deps --requirement requirements-vllm.lock
	$(VLLM) -m pip --disable-pip-version-check install --quiet --no-deps --editable .
	@touch $@

test-vllm: .venv-vllm/ready ## run the tests that need vLLM, in an environment of their own
	$(VLLM) -m pytest tests/with_vllm

VERIFIERS := .venv-verifiers/bin/python

.venv-verifiers/ready: pyproject.toml requirements-verifiers.lock
	test -x $(VERIFIERS) || $(PYTHON) -m venv .venv-verifiers
	$(VERIFIERS) -m pip --disable-pip-version-check install --quiet --no-compile --no-deps --requirement requirements-verifiers.lock
	$(VERIFIERS) -m pip --disable-pip-version-check install --quiet --no-deps --editable .
	@touch $@

test-verifiers: .venv-verifiers/ready ## run the tests that need verifiers, in an environment of their own
	$(VERIFIERS) -m pytest tests/bridges/test_verifiers.py

RLLIB := .venv-rllib/bin/python

.venv-rllib/ready: pyproject.toml requirements-rllib.lock
	test -x $(RLLIB) || $(PYTHON) -m venv .venv-rllib
	$(RLLIB) -m pip --disable-pip-version-check install --quiet --no-compile --no-deps --requirement requirements-rllib.lock
	$(RLLIB) -m pip --disable-pip-version-check install --quiet --no-deps --editable .
	@touch $@

test-rllib: .venv-rllib/ready ## run the tests that need RLlib, in an environment of their own
	$(RLLIB) -m pytest tests/agents/rl/test_rllib.py

ALFWORLD := .venv-alfworld/bin/python

.venv-alfworld/ready: pyproject.toml requirements-alfworld.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info < (3, 13) else "TextWorld 1.7 fails on Python 3.13; name an older one with make PYTHON=python3.12 ...")'
	test -x $(ALFWORLD) || $(PYTHON) -m venv .venv-alfworld
	$(ALFWORLD) -m pip --disable-pip-version-check install --quiet --no-compile --no-deps --requirement requirements-alfworld.lock
	$(ALFWORLD) -m pip --disable-pip-version-check install --quiet --no-deps --editable .
	@touch $@

test-alfworld: .venv-alfworld/ready ## play the household beside ALFWorld's own engine, in an environment of its own
	$(ALFWORLD) -m pytest tests/with_alfworld

TEXT := .venv-text/bin/python

.venv-text/ready: pyproject.toml requirements-text.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info < (3, 13) else "TextWorld 1.7 fails on Python 3.13; name an older one with make PYTHON=python3.12 ...")'
	test -x $(TEXT) || $(PYTHON) -m venv .venv-text
	$(TEXT) -m pip --disable-pip-version-check install --quiet --no-compile --no-deps --requirement requirements-text.lock
	$(TEXT) -m pip --disable-pip-version-check install --quiet --no-deps --editable .
	@touch $@

test-text: .venv-text/ready ## play TextWorld, ScienceWorld and TextWorldExpress (the last two with Java), in an environment of their own
	@command -v java >/dev/null || echo "there is no java on the PATH, so ScienceWorld and TextWorldExpress are left out; install one, e.g. default-jre-headless of Debian"
	$(TEXT) -m pytest -rs tests/bridges/test_jvm.py tests/bridges/test_text_game.py tests/bridges/test_text_bridges.py

lint: .venv/dev ## ruff, mypy, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## format the code in place
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

boards: .venv/base ## play the reference agents of all boards again and write leaderboards/*.md
	rm -rf build/boards
	$(BIN)/agentarena leaderboard publish --home build/boards --out leaderboards

bench: .venv/bench ## compare speed with other libraries in one run
	$(BIN)/python -m benchmarks.peers

docs: .venv/docs ## build the documentation into site/
	$(BIN)/mkdocs build --strict

clean: ## remove what the targets above made
	rm -rf .venv .venv-vllm .venv-verifiers .venv-rllib .venv-alfworld .venv-text site demo build dist .pytest_cache .mypy_cache .ruff_cache
