# make run | test | check | bench | install: everything a newcomer needs; CONTRIBUTING.md says more.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=

.PHONY: help run test check bench install install-dev lock format

help:
	@echo "make run     start everything (first time: a minute or two)"
	@echo "make test    all tests, the browser's too"
	@echo "make check   lint, types, architecture"
	@echo "make bench   benchmarks as one table (SIZE=quick, small or full; small)"

run: install
	$(BIN)/dean06 up

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Bytecode is made once, on all cores, instead of by each of five processes at first start.
$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --disable-pip-version-check -q --no-compile --require-hashes --only-binary :all: --no-deps -r requirements.lock
	$(BIN)/python -c "import pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'dean06.pth').write_text(str(pathlib.Path('src').resolve()) + '\n')"
	install -m 755 scripts/dean06 $(BIN)/dean06
	-$(BIN)/python -m compileall -q -j 0 $(VENV)/lib src
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/pip install --disable-pip-version-check -q --no-compile --require-hashes --only-binary :all: --no-deps -r requirements-dev.lock
	touch $@

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

test: install-dev
	$(BIN)/python scripts/test_tools.py
ifeq ($(strip $(PYTEST_ARGS)),)
	$(BIN)/python -m pytest -q -n 2 tests/unit tests/integration
	$(BIN)/python -m pytest -q tests/acceptance
else
	$(BIN)/python -m pytest $(PYTEST_ARGS)
endif

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q -p no:randomly tests/architecture

bench: install-dev
	$(BIN)/dean06 bench $(if $(SIZE),--$(SIZE))

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: install-dev
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -q -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -q --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
