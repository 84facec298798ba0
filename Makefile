# FinTwin. `make` alone prints this help.
#
# Everything that is made here lives in .venv/, .fintwin/ and frontend/node_modules/. Nothing calls apt or sudo.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

PYTHON ?= python3
VENV := .venv
MADE := $(VENV)/.made
RUN_READY := $(VENV)/.ready-to-run
DEV_READY := $(VENV)/.ready-to-develop
FAILOVER_READY := $(VENV)/.ready-to-fail-over
PY := $(VENV)/bin/python
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# With an empty HOME pip would put its cache at the root of the file system.
ifeq ($(strip $(HOME)),)
export PIP_NO_CACHE_DIR := 1
endif

.PHONY: help
help:  ## print this help
	@echo "FinTwin: make TARGET"
	@echo
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PORT=8000 and FINTWIN_DATA=.fintwin move the service and its data; PYTHON=python3.13 picks the Python of a new .venv;"
	@echo "  ARGS='-k accounts' is handed to pytest."

.PHONY: setup
setup: $(DEV_READY)  ## make .venv with everything that running and developing need

# A stamp, not the program: an environment whose making was interrupted has a python and no pip.
$(MADE):
	@"$(PYTHON)" -c 'pass' 2>/dev/null || { echo "FinTwin needs Python 3.11 or newer: install the package python3 (found no $(PYTHON))." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "FinTwin needs Python 3.11 or newer, $(PYTHON) is older: install the package python3.11 and say PYTHON=python3.11." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "FinTwin needs Python's venv module: install the package python3-venv." >&2; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@touch $@

$(RUN_READY): $(MADE) requirements.txt pyproject.toml hatch_build.py
	@echo "Installing what FinTwin needs to run (about 110 MB, once)"
	@$(PY) -m pip install --quiet --require-hashes -r requirements.txt
	@$(PY) -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_READY): $(RUN_READY) requirements-dev.txt
	@echo "Installing what tests and checks need (about 100 MB, once)"
	@$(PY) -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

# Two packages of these come as source and are built here; so they are not among what every `make test` needs.
$(FAILOVER_READY): $(DEV_READY) requirements-failover.txt
	@$(PY) -m pip install --quiet --require-hashes -r requirements-failover.txt
	@touch $@

.PHONY: run
run: $(RUN_READY)  ## start the whole service in the foreground; Ctrl-C stops it
	@$(VENV)/bin/fintwin run --web build

.PHONY: dev
dev: $(DEV_READY)  ## like run, parts start again when a source file changes, Vite serves the web app at :3000
	@$(VENV)/bin/fintwin run --reload --web dev

.PHONY: test
test: $(DEV_READY)  ## the tests, at most 10 minutes; ends with what was skipped and why
	@$(PY) -m pytest -m "not slow and not soak" $(ARGS)

.PHONY: test-all
test-all: $(DEV_READY) $(FAILOVER_READY)  ## the tests, slow ones included
	@$(PY) -m pytest -m "not soak" $(ARGS)

.PHONY: test-slow
test-slow: $(DEV_READY) $(FAILOVER_READY)  ## only what test-all adds to test
	@$(PY) -m pytest -m "slow and not soak" $(ARGS)

.PHONY: soak
soak: $(DEV_READY)  ## the long forms: hundreds of kills, thousands of cases
	@$(PY) -m pytest -m "soak" --timeout=3600 $(ARGS)

.PHONY: check
check: $(DEV_READY)  ## format, lint, types, import contracts, tidiness, secrets
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo --no-cache
	$(PY) -m pytest -q tests/tidy
	$(PY) -m bandit --quiet --recursive --severity-level medium --configfile pyproject.toml src
	git ls-files -z | xargs -0 $(VENV)/bin/detect-secrets-hook --baseline .secrets.baseline

.PHONY: sbom
sbom: $(DEV_READY) $(WEB_READY)  ## what is in it: dist/sbom-service.json and dist/sbom-web.json (CycloneDX)
	@mkdir -p dist
	@$(VENV)/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible --of JSON --output-file dist/sbom-service.json
	@$(NPM) sbom --silent --sbom-format cyclonedx --package-lock-only > ../dist/sbom-web.json
	@echo "Wrote dist/sbom-service.json and dist/sbom-web.json"

# The oldest versions that pyproject.toml promises to work with. Not in `make check`: it installs everything a second time.
.PHONY: floors
floors: $(DEV_READY)  ## run the tests against the oldest promised versions of what FinTwin uses
	@rm -rf $(VENV)-floors && $(PY) -m uv venv --quiet --no-config $(VENV)-floors
	@$(PY) -m uv pip compile --quiet --no-config --resolution lowest-direct --python $(VENV)-floors/bin/python --extra telemetry --extra parquet --no-header --no-annotate pyproject.toml --output-file $(VENV)-floors/floors.txt
	@$(PY) -m uv pip install --quiet --no-config --python $(VENV)-floors/bin/python -r $(VENV)-floors/floors.txt hypothesis jsonschema pytest pytest-asyncio pytest-timeout pyyaml
	@PYTHONPATH=src:. $(VENV)-floors/bin/python -m pytest -q -m "not slow and not soak" -p no:cacheprovider -W default tests/domain tests/projections tests/twin tests/store tests/ledger tests/identity tests/api $(ARGS)

.PHONY: format
format: $(DEV_READY)  ## format the code and repair what the linter can repair
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

.PHONY: bench
bench: $(DEV_READY)  ## measure; writes docs/benchmarks.md
	@$(PY) -m tests.bench $(ARGS)

.PHONY: wheel
wheel: $(DEV_READY)  ## build dist/fintwin-*.whl
	@$(PY) -m build --wheel --no-isolation --outdir dist .

# What the web app is built with: npm of the machine or, where there is none that is new enough, from PyPI.
WEB_READY := frontend/node_modules/.package-lock.json
NPM := cd frontend && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm --no-audit --no-fund

$(WEB_READY): frontend/package-lock.json $(RUN_READY)
	@$(PY) -c 'import os, sys; from fintwin.cli.web_build import has_node; sys.exit(not has_node(os.environ["PATH"]))' || $(PY) -m pip install --quiet --require-hashes -r requirements-web.txt
	@echo "Getting what the web app is built with (about 250 MB on disk, once)"
	@$(NPM) ci --loglevel=error
	@touch $@

.PHONY: setup-web
setup-web: $(WEB_READY)  ## make frontend/node_modules

.PHONY: web
web: $(WEB_READY)  ## build the web app into frontend/dist
	@$(NPM) run --silent build

.PHONY: check-web
check-web: $(WEB_READY)  ## format, types, lint and tests of the web app
	@$(NPM) run --silent check
	@$(NPM) test --silent

.PHONY: openapi
openapi: $(RUN_READY)  ## write frontend/openapi.json anew from the handlers
	@$(PY) -m tests.browser.document > frontend/openapi.json.new && mv frontend/openapi.json.new frontend/openapi.json

.PHONY: screenshots
screenshots: web  ## pictures of every screen into docs/screenshots, from a service of its own
	@$(PY) -m tests.browser.screenshots

.PHONY: rebuild
rebuild: $(RUN_READY)  ## rebuild a read model beside the live one: make rebuild VIEW=balances
	@test -n "$(VIEW)" || { echo "Say which read model: make rebuild VIEW=balances" >&2; exit 2; }
	@$(VENV)/bin/fintwin rebuild "$(VIEW)"

.PHONY: lock
lock: $(DEV_READY)  ## resolve the dependencies anew and write the requirements files
	@$(PY) -m uv lock --quiet --upgrade --no-config
	@$(PY) -m uv export --quiet --no-config --frozen --no-header --no-annotate --no-emit-project --no-default-groups --group build --format requirements-txt --output-file requirements.txt
	@$(PY) -m uv export --quiet --no-config --frozen --no-header --no-annotate --no-emit-project --group dev --format requirements-txt --output-file requirements-dev.txt
	@$(PY) -m uv export --quiet --no-config --frozen --no-header --no-annotate --no-emit-project --only-group failover --format requirements-txt --output-file requirements-failover.txt

.PHONY: clean
clean:  ## remove .venv, caches and build results; the data in .fintwin stays
	@rm -rf $(VENV) $(VENV)-floors dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache frontend/node_modules frontend/dist
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
