PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test check kernel mutants live live-long live-model sbom lock clean

help:  ## Show what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) from the lock file (about a minute, once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Anlan needs Python 3.11 or later; set PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY)  ## Set up, do the main job on the shipped sample, then serve the dashboard (Ctrl-C stops it)
	@$(BIN)/anlan demo

test: $(READY)  ## Set up and run the tests (a few minutes; needs no browser, office suite or server)
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(READY)  ## Lint, formatting, types, and known weaknesses of the dependencies where the advisory service can be reached
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m tests.audit

KERNEL := tests/models/test_clocks.py tests/models/test_coverage_of_rules.py tests/models/test_grades.py tests/models/test_indicators.py \
	tests/models/test_response_levels.py tests/models/test_rule_files.py tests/models/test_rule_scenarios.py tests/models/test_triggers.py \
	tests/graph/test_ledger.py tests/graph/test_ledger_corners.py tests/graph/test_ledger_damage.py tests/graph/test_audit_export.py \
	tests/graph/test_backup.py tests/graph/test_people.py tests/graph/test_proposals.py tests/graph/test_retention.py \
	tests/graph/test_scope.py tests/graph/test_signatures.py tests/reports/test_daily.py tests/reports/test_followup.py tests/reports/test_ground.py \
	tests/reports/test_plan_reports.py tests/reports/test_signoff.py tests/reports/test_signoff_corners.py \
	tests/reports/test_relief_plan.py tests/reports/test_verify.py tests/reports/test_verify_corners.py

kernel: $(READY)  ## The safety kernel (sign-off, checks, rules, ledger) under branch coverage by its own tests; fails under 100 %, also where no PostgreSQL starts
	@$(BIN)/python -m coverage run -m pytest $(KERNEL)
	@$(BIN)/python -m coverage report

MUTANTS ?= --sample 150

mutants: $(READY)  ## Break the safety kernel on purpose and tell which changes its tests do not notice (about an hour)
	@$(BIN)/python -m tests.mutants $(MUTANTS) $(KERNEL)

LIVE ?= live or browser or model

live: $(READY)  ## Live suites: a real vLLM with real weights drafts (40 minutes, 9 GB once; LIVE='live or browser' leaves it out), vLLM's own parser on every serving profile (7 GB once), Chromium on every page, LibreOffice, repeated SIGKILLs (Debian: chromium, libreoffice-writer-nogui, fonts-noto-cjk; Maven and Java 17 for Neo4j)
	@$(BIN)/python -m pytest -s -m '$(LIVE)'

live-long: $(READY)  ## Suites that outlast CI: a hundred kills and full disks, a thousand planted orders, every post end to end, stored scripts in Chromium (hours on a busy machine)
	@$(BIN)/python -m pytest -s -m long

live-model: $(READY)  ## A real vLLM with real weights on the processor (about 40 minutes, 9 GB fetched once): reports, planted orders, public texts
	@$(BIN)/python -m pytest -s -m model

sbom: $(READY)  ## Write the bill of materials (CycloneDX JSON) of everything the lock file pins to dist/sbom.json
	@mkdir -p dist
	@$(BIN)/python -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.json

lock: $(READY)  ## Pin every dependency with its hashes again
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --extra dev pyproject.toml -o requirements.lock

clean:  ## Remove the virtual environment and the state of runs (var)
	@rm -rf $(VENV) var
