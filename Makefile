# `make demo` and `make test` do all their own set-up on a fresh machine with Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin

# uv reads none of pip's settings, so what the machine told pip about where packages are is handed over.
UV := UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$PIP_INDEX_URL}" $(BIN)/uv

.PHONY: setup demo test check lint docs bench lock
setup: .venv/.complete  ## .venv with everything in it, the aig command too

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make setup PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv==0.13.9

.venv/.complete: $(BIN)/uv pyproject.toml constraints.in constraints.txt
	$(UV) pip install --quiet --python .venv -c constraints.in -c constraints.txt -e '.[dev]'
	touch $@

demo: setup  ## shards from real audio in a few minutes: no key, no downloads by hand
	$(BIN)/aig demo --out demo

# A file's tests stay in one process, so that what they share is made once; files are spread over the cores, slow first.
# A process that dies ends the run: pytest-xdist 3.8 deals out what it had finished again and waits for it forever.
PYTEST_PARALLEL := -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart=0

test: setup  ## every test, the slow ones too; more options: make test PYTEST='--cov'
	$(BIN)/pytest $(PYTEST_PARALLEL) $(PYTEST)

check: lint  ## before a commit: lint and the fast tests
	$(BIN)/pytest $(PYTEST_PARALLEL) -m 'not slow'

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy tests
	$(BIN)/mypy benchmarks examples
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry .

docs: setup  ## the documentation site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: setup  ## all, or one: make bench ONLY=name
	$(BIN)/python -m benchmarks $(ONLY)

# torch and what only its CUDA builds draw are left to constraints.in: they differ from machine to machine.
lock: $(BIN)/uv  ## recompiles constraints.txt, keeping what still fits
	$(UV) pip compile --quiet --universal --all-extras --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --no-emit-package torch --no-emit-package triton \
	    -c constraints.in -o constraints.txt pyproject.toml
	sed -i.bak -E '/^(nvidia|cuda)-/d' constraints.txt && rm constraints.txt.bak
