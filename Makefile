# On a fresh machine with Python 3.11+ and make, every target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: setup demo test test-kernels check bench docs links pictures ui lock data release test-newest test-oldest

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("secondplan needs Python 3.11 or later; set PYTHON=") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) (a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@$(BIN)/secondplan demo

# The tests of a file share what they make once, so that one process takes them all.
test: setup
	@$(BIN)/python -m pytest -n 2 --dist loadfile

# The tests with the newest and the oldest dependencies that pyproject.toml allows, each in an environment of its own; old
# libraries warn of each other. TESTS=tests/plans takes some of them.
OLD_WARNINGS := -W ignore::DeprecationWarning -W ignore::PendingDeprecationWarning -W ignore::FutureWarning
test-newest test-oldest: test-%: requirements-%.txt
	@test -x $(VENV)-$*/bin/python || $(PYTHON) -m venv $(VENV)-$*
	@$(VENV)-$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@$(VENV)-$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(VENV)-$*/bin/python -m pytest -n 2 --dist loadfile $(if $(filter oldest,$*),$(OLD_WARNINGS)) $(TESTS)

# The tests of the models on the kernels that OpenBLAS, NumPy and numba would choose on other processors.
test-kernels: setup
	@newer=$$($(BIN)/python -c 'import numpy; print(*numpy.show_config("dicts")["SIMD Extensions"].get("found", []), sep=",")'); \
	for kernels in "OPENBLAS_CORETYPE=Haswell" \
	  "OPENBLAS_CORETYPE=Nehalem NPY_DISABLE_CPU_FEATURES=$$newer" \
	  "OPENBLAS_CORETYPE=Prescott NPY_DISABLE_CPU_FEATURES=$$newer NUMBA_CPU_NAME=generic"; do \
	  echo "$$kernels"; env $$kernels $(BIN)/python -m pytest -n 2 --dist loadfile tests/models || failed=yes; \
	done; test -z "$$failed"

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/typos

ui: setup
	@$(BIN)/secondplan ui

# The peers live in an environment of their own: comprisk wants another numba than ours.
$(VENV)-bench/.ready: requirements-bench.txt
	@test -x $(VENV)-bench/bin/python || $(PYTHON) -m venv $(VENV)-bench
	@echo "Installing the packages to compare with into $(VENV)-bench ..."
	@$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

bench: setup $(VENV)-bench/.ready
	@$(BIN)/python -m benchmarks $(BENCH)

# The site, in docs/_build/html: notebooks run, reference from docstrings; a broken reference is an error.
docs: setup $(VENV)/.ready-docs
	@$(BIN)/sphinx-build -W --keep-going -q -b html -c docs . docs/_build/html
	@echo "Open docs/_build/html/index.html"

# Whether the addresses on pages answer; needs a network, so that the site's build does not ask.
links: setup $(VENV)/.ready-docs
	@SECONDPLAN_DOCS_QUICK=1 $(BIN)/sphinx-build -q -b linkcheck -c docs . docs/_build/links

# The pictures of the README, from the shipped plans.
pictures: setup
	@$(BIN)/python docs/pictures/make.py
	@$(BIN)/python docs/pictures/mlflow_page.py

$(VENV)/.ready-docs: requirements-docs.txt $(VENV)/.ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.txt
	@touch $@

# Builds wheel and sdist, and uses them in empty environments of every Python; needs uv.
release: setup
	@$(BIN)/python -m benchmarks.release $(RELEASE)

# Regenerates the shipped synthetic store byte for byte.
data: setup
	@$(BIN)/python data/synthetic/make.py

# Resolves the dependencies anew for every platform; needs uv. Beside those of requirements.txt, which the project works
# with, the newest and the oldest that pyproject.toml allows; requirements-newest.in says what is newest in spite of a bound.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet pyproject.toml
EVERYTHING := --extra tracking --extra notebooks --extra io --extra lifelines --extra dev
lock:
	$(LOCK) $(EVERYTHING) --output-file requirements.txt
	$(LOCK) --extra bench --output-file requirements-bench.txt
	$(LOCK:pyproject.toml=requirements-scoring.in) --constraint requirements.txt --output-file requirements-scoring.txt
	$(LOCK) $(EVERYTHING) --extra docs --constraint requirements.txt --output-file requirements-docs.txt
	$(LOCK) $(EVERYTHING) --upgrade --override requirements-newest.in --output-file requirements-newest.txt
	$(LOCK) $(EVERYTHING) --resolution lowest-direct --output-file requirements-oldest.txt
