# make run | test | check | bench | install: everything a newcomer needs; CONTRIBUTING.md says more.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=

.PHONY: help run test check check-types check-lint check-imports check-architecture bench install install-dev lock format

help:
	@echo "make run     start everything (first time: a minute or two)"
	@echo "make test    all tests, the browser's too"
	@echo "make check   lint, types, architecture"
	@echo "make bench   benchmarks as one table (SIZE=quick, small or full; small)"

run: install
	$(BIN)/dean06 up

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock requirements-uv.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python scripts/install_packages.py requirements.lock
	$(BIN)/python -c "import pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'dean06.pth').write_text(str(pathlib.Path('src').resolve()) + '\n')"
	install -m 755 scripts/dean06 $(BIN)/dean06
	touch $@

# Bytecode is made once, on all cores, instead of by each of five processes at first start.
$(VENV)/.compiled: $(VENV)/.installed
	-$(BIN)/python -m compileall -q -j 0 $(VENV)/lib src
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python scripts/install_packages.py requirements-dev.lock
	touch $@

install: $(VENV)/.compiled
install-dev: $(VENV)/.installed-dev

test: install-dev
	$(BIN)/python scripts/test_tools.py
ifeq ($(strip $(PYTEST_ARGS)),)
	$(BIN)/python -m pytest -q -n 2 tests/unit tests/integration
	$(BIN)/python -m pytest -q tests/acceptance
else
	$(BIN)/python -m pytest $(PYTEST_ARGS)
endif

# The parts side by side, each one's words in one piece; types take longest, so they begin.
check: install-dev
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-lint check-imports check-architecture

check-types:
	$(BIN)/mypy

check-lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-imports:
	$(BIN)/lint-imports --no-cache

check-architecture:
	$(BIN)/python -m pytest -q -p no:randomly tests/architecture

bench: install-dev
	$(BIN)/dean06 bench $(if $(SIZE),--$(SIZE))

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

LOCK := $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -q

lock: install-dev
	$(LOCK) -o requirements.lock pyproject.toml
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	echo uv | $(LOCK) -c requirements-dev.lock -o requirements-uv.lock -
