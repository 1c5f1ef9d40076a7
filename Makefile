# The commands a person needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Debian keeps daemons such as mosquitto where an ordinary user's PATH does not look.
export PATH := $(PATH):/usr/sbin

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lock train clean

help: ## this list
	@grep -hE '^[a-z][a-z0-9-]*:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

setup: $(VENV)/.ready ## the virtual environment and the kubeddr command, from the hashed lock

$(VENV)/.ready: requirements/dev.txt pyproject.toml scripts/setup
	@PYTHON=$(PYTHON) scripts/setup $(VENV)
	@touch $@

demo: setup ## everything on this machine with two rendered cabinets; SOURCE=clip.mp4 (or a camera, a device, a URL), SECONDS=60
	@scripts/system-packages mosquitto tesseract-ocr
	@exec $(BIN)/kubeddr demo $(if $(SOURCE),--source '$(SOURCE)') $(if $(SECONDS),--seconds $(SECONDS))

check: setup ## style, types and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: setup ## the whole suite, at most ten minutes on two cores
	@scripts/system-packages mosquitto tesseract-ocr || echo "Going on without: tests that need these packages skip and say so."
	$(BIN)/pytest

clean: ## everything that setup made
	rm -rf $(VENV) .cache .state

lock: ## new lock files, without any index address (needs uv)
	for group in build runtime dev browser train; do \
	  case $$group in \
	    build) what="--group build" ;; runtime) what=pyproject.toml ;; \
	    browser) what="pyproject.toml --group dev --group browser" ;; *) what="pyproject.toml --group $$group" ;; \
	  esac; \
	  uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    $$what --output-file requirements/$$group.txt || exit 1; \
	done
