# Everything lives in .venv; every target may be run again at no cost once it is in place.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
EXTRAS ?= dev
SWEEP ?= init=zeros,xavier,he seeds=10
PORT ?= 6006
RUNS ?=
# The newest sweep that holds what is sought; each has Hydra's multirun.yaml in its folder, and one
# that was refused nothing else.
newest = $(or $(shell for each in $$(ls -t multirun/*/multirun.yaml multirun/*/*/multirun.yaml \
	2>/dev/null); do find "$${each%/*}" -mindepth 1 $(1) 2>/dev/null | grep -q . && \
	{ echo "$${each%/*}"; break; }; done),multirun)
BEGUN = $(or $(RUNS),$(call newest,-type d))
FINISHED = $(or $(RUNS),$(call newest,-name result.json -o -name summary.csv))
INSTALLED := .venv/.installed
# Two processes whose idle threads spin take the cores from each other.
PASSIVE := OMP_WAIT_POLICY=PASSIVE
READY := data/fashion_mnist/train-images-idx3-ubyte data/fashion_mnist/train-labels-idx1-ubyte \
	data/fashion_mnist/t10k-images-idx3-ubyte data/fashion_mnist/t10k-labels-idx1-ubyte

.DEFAULT_GOAL := help
.PHONY: help install data sweep resume sweeps report train dashboard test test-peers test-slow check format bench constraints clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## environment in .venv, with the pinned versions of constraints.txt

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON) is $$($(PYTHON) --version 2>&1); Python 3.11 or newer is needed (make PYTHON=python3.12 ...)" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv || { rm -rf .venv; test "$$(id -u)" = 0 && \
		apt-get install -y -q python3-venv && $(PYTHON) -m venv .venv; } || \
		{ rm -rf .venv; echo "error: $(PYTHON) cannot make an environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@

data: $(READY) ## Fashion-MNIST under data/, checked

$(READY) &: | $(INSTALLED)
	@$(BIN)/python -m src.data

sweep: install data ## zeros against xavier against he, and their report (SWEEP="..." for another)
	@$(BIN)/python -m src.train -m $(SWEEP) $(ARGS)

resume: install ## what is missing of the newest sweep that was interrupted (SWEEP=<folder> for another)
	@folder="$(if $(filter file,$(origin SWEEP)),$$($(BIN)/python -m src.sweeps --newest),$(SWEEP))" && \
		$(BIN)/python -m src.train resume="$$folder" $(ARGS)

sweeps: install ## all sweeps and runs: state, age, size (RUNS=<folder> for some; ARGS="--prune")
	@$(BIN)/python -m src.sweeps $(RUNS) $(ARGS)

report: install ## the report of the newest finished sweep, made anew (RUNS=<folder> for another; ARGS="--help")
	@$(BIN)/python -m src.report $(FINISHED) $(ARGS)

train: install data ## one run (ARGS="init=he seed=1" to choose it)
	@$(BIN)/python -m src.train $(ARGS)

dashboard: install ## TensorBoard of the newest sweep, on port 6006 (RUNS=multirun for all; PORT=...)
	@echo "Sweep shown: $(BEGUN) (RUNS=multirun shows all, RUNS=<folder> another)"
	@echo "Arms over each other: http://127.0.0.1:$(PORT)/#custom_scalars"
	@echo "A row for each member: http://127.0.0.1:$(PORT)/#hparams"
	@echo "Curves by epoch have few points: set Smoothing to 0 to see them as they are."
	@echo "Of more than 40 runs TensorBoard draws none in Scalars and Custom Scalars until the box"
	@echo "'filter runs' leaves fewer (init=he)."
	@$(BIN)/tensorboard --logdir $(BEGUN) --host 127.0.0.1 --port $(PORT)

test: install ## the fast tests
	@$(PASSIVE) $(BIN)/python -m pytest -m "not slow and not peers" -q -n auto --dist worksteal $(ARGS)

test-peers: install ## our laws beside those of installed libraries (EXTRAS=dev,bench,peers installs them)
	@$(PASSIVE) $(BIN)/python -m pytest -m peers -q $(ARGS)

test-slow: install data ## the tests that take longer, some on the real data
	@$(PASSIVE) $(BIN)/python -m pytest -m slow -q -n 2 --dist loadfile $(ARGS)

check: install ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: install ## rewrite the code in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: install data ## the harness against its peers, 35 minutes (ARGS="--only stacks"; JAX: extra bench)
	@$(BIN)/python -m src.bench $(ARGS)

constraints: ## take over the versions now in .venv as the pinned ones
	@{ echo "# Versions that make install uses; made by make constraints."; \
	   $(BIN)/pip freeze --all --exclude-editable --exclude pip; } > constraints.txt

clean: ## remove results and caches; asks before it deletes results
	@if [ -n "$$(ls -d outputs/* multirun/*/ 2>/dev/null)" ]; then \
		printf 'Delete all results under outputs/ and multirun/? [y/N] '; read answer; \
		if [ "$$answer" = y ]; then rm -rf outputs; \
			if [ -d multirun ]; then find -H multirun -mindepth 1 -maxdepth 1 ! -name '.*' \
				\( -type d -o -type l \) -exec rm -rf {} +; fi; \
		else echo "results kept"; fi; fi
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build
