# Everything sets itself up: python3 with venv, and make, are all that has to be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHECKOV := $(VENV)/checkov
PAGE := orgrollout/report/page/source
# Workers, and the programs that tests start, import our modules hundreds of times.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo service-demo test quick test-all test-browser fault-matrix kill-matrix lint format page constraints clean

$(READY): constraints-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "orgrollout needs Python 3.11 or newer; name one with PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## The main job in a simulated organization, from nothing.
	@$(BIN)/orgrollout demo

# AWS's runtime client, as Lambda has it beside the function: not for our own Python.
$(VENV)/lambda/.ready: constraints-lambda.txt | $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: --upgrade --target $(VENV)/lambda -r constraints-lambda.txt
	@touch $@

service-demo: $(VENV)/lambda/.ready ## The service without AWS: its zip, its state machine, its schedules (needs Linux).
	@$(BIN)/python -m demos.service

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

quick: $(READY)
	$(BIN)/pytest -n auto --dist worksteal -m "not slow"

test: $(READY) ## Style, types, layers and the quick tests, side by side.
	@$(MAKE) --no-print-directory --jobs 2 quick lint

test-all: $(READY) $(CHECKOV)/.ready $(VENV)/lambda/.ready ## What takes longer.
	$(BIN)/pytest -n auto --dist worksteal -m "slow and not exhaustive and not browser"

fault-matrix: $(READY) ## Every response of every command, spoiled in every way; prints how many.
	$(BIN)/pytest -n auto -m exhaustive tests/matrix

kill-matrix: $(READY) ## A process that dies at every single point of a rollout or a re-sync; prints how many.
	$(BIN)/pytest -m "not exhaustive" tests/matrix

# checkov pins what we also need, to other versions; so it lives by itself.
$(CHECKOV)/.ready: constraints-checkov.txt | $(READY)
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-checkov.txt
	@touch $@

$(VENV)/.browser: constraints-browser.txt | $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-browser.txt
	@touch $@

# Needs Debian's Chromium, and Node for axe-core and for the fresh build; what is missing is said, and left out.
test-browser: $(VENV)/.browser ## The page of `report` in Chromium.
	@command -v chromium >/dev/null || { echo "chromium is missing: installing Debian's"; apt-get update -qq && apt-get install -y -qq chromium; } \
		|| echo "chromium cannot be installed here: these tests are skipped" >&2
	@command -v npm >/dev/null && $(MAKE) --no-print-directory $(PAGE)/node_modules/.ready \
		|| echo "no node, or no packages for it: accessibility and the fresh build are not tested" >&2
	$(BIN)/pytest -m browser -s tests/browser

format: $(READY)
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

# What is built is committed, so that neither the wheel nor a user needs Node.
$(PAGE)/node_modules/.ready: $(PAGE)/package-lock.json
	cd $(PAGE) && npm ci --silent
	@touch $@

page: $(PAGE)/node_modules/.ready ## Build the page of `report` again from its source (needs Node 20).
	cd $(PAGE) && npm run --silent check && npm run --silent build

PIN := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

constraints: ## Pin all dependencies again (needs uv): what runs, what simulates, what develops.
	$(PIN) pyproject.toml -o constraints.txt
	$(PIN) --extra sandbox -c constraints.txt pyproject.toml -o constraints-sandbox.txt
	$(PIN) --all-extras --group dev -c constraints-sandbox.txt pyproject.toml -o constraints-dev.txt
	echo checkov | $(PIN) - -o constraints-checkov.txt
	echo awslambdaric | $(PIN) - -o constraints-lambda.txt
	echo playwright | $(PIN) -c constraints-dev.txt - -o constraints-browser.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
