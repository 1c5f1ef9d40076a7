# The commands a person needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Debian keeps daemons such as mosquitto where an ordinary user's PATH does not look.
export PATH := $(PATH):/usr/sbin

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-bad-model test test-recordings test-train check check-deploy test-arm64 test-device format lock train train-pad train-winner test-browser test-outage chaos clean

help: ## this list
	@grep -hE '^[a-z][a-z0-9-]*:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

setup: $(VENV)/.ready ## the virtual environment and the kubeddr command, from the hashed lock

$(VENV)/.ready: requirements/dev.txt pyproject.toml scripts/setup
	@PYTHON=$(PYTHON) scripts/setup $(VENV)
	@touch $@

demo: setup ## everything on this machine with two rendered cabinets; SOURCE=clip.mp4 (or a camera, a device, a URL), SECONDS=60
	@scripts/system-packages mosquitto tesseract-ocr
	@exec $(BIN)/kubeddr demo $(if $(SOURCE),--source '$(SOURCE)') $(if $(SECONDS),--seconds $(SECONDS))

demo-bad-model: setup ## a worse model let loose on a small fleet, caught and undone by itself; about two minutes
	@scripts/system-packages mosquitto tesseract-ocr
	@exec $(BIN)/kubeddr demo --bad-model

check: setup ## style, types and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kubeddr

check-deploy: setup ## what a cluster and a device would be given: schemas, policies, alerts, units, images; with planted faults
	@command -v kubectl >/dev/null || { echo "kubectl is not installed: the manifests cannot be built." >&2; exit 1; }
	@tools=$$(scripts/promtool $(CACHE)/promtool) && \
	  KUBEDDR_CHECK_DEPLOY=1 PATH="$$PATH:$$tools" $(BIN)/pytest tests/deploy

test-device: setup ## the installer and the service on a systemd of their own (root; about 500 MB the first time)
	@scripts/device-root $(CACHE)/device
	KUBEDDR_DEVICE_ROOT=$(CACHE)/device $(BIN)/pytest tests/machines/test_device_service.py -m slow -n 0 --timeout 900

test-arm64: setup ## the device end to end on arm64, emulated (root; about 560 MB the first time)
	@scripts/arm64-root $(CACHE)/arm64
	KUBEDDR_ARM64_ROOT=$(CACHE)/arm64 $(BIN)/pytest tests/machines/test_arm64.py -m slow -n 0 --timeout 1800

format: setup ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: setup ## the whole suite, at most ten minutes on two cores
	@scripts/system-packages mosquitto tesseract-ocr || echo "Going on without: tests that need these packages skip and say so."
	$(BIN)/pytest -n auto --dist loadscope

TRAIN := .venv-train
FONTS := $(shell cat models/training/digits/fonts.txt)

$(TRAIN)/.ready: requirements/train.txt
	@$(PYTHON) -m venv $(TRAIN)
	@echo "Installing what training needs (about 1.4 GB the first time) ..."
	@$(TRAIN)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/train.txt
	@touch $@

train: $(TRAIN)/.ready ## the digit reader, from nothing but fonts; OUT=reader.kubeddr VERSION=0.2.0
	@scripts/system-packages ffmpeg $(FONTS)
	$(TRAIN)/bin/python -m models.training.digits --out $(or $(OUT),reader.kubeddr) --version $(or $(VERSION),0.0.1)

train-pad: $(TRAIN)/.ready ## the network that sees dance pads, from rendered scenes; OUT=pad.kubeddr VERSION=0.2.0
	$(TRAIN)/bin/python -m models.training.pad --out $(or $(OUT),pad.kubeddr) --version $(or $(VERSION),0.0.1)

train-winner: $(TRAIN)/.ready ## the predictor, from simulated matches; OUT=winner.kubeddr VERSION=0.2.0
	$(TRAIN)/bin/python -m kubeddr train winner --out $(or $(OUT),winner.kubeddr) --version $(or $(VERSION),0.0.1) --card docs

test-train: setup $(TRAIN)/.ready ## a minute of training, and whether what comes out is a bundle that runs
	@scripts/system-packages ffmpeg fonts-dejavu-core fonts-liberation fonts-dejavu-extra
	$(BIN)/pytest tests/training -m slow --timeout 900

$(VENV)/.browser: requirements/browser.txt $(VENV)/.ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/browser.txt
	@touch $@

test-browser: setup $(VENV)/.browser ## the pages in a real browser, and whether everybody can use them; SHOTS=docs for fresh pictures
	@scripts/system-packages mosquitto chromium
	KUBEDDR_SHOTS=$(SHOTS) $(BIN)/pytest tests/browser -m slow

test-outage: setup ## two minutes: the network pulled for one of them, in the middle of a match
	@scripts/system-packages mosquitto
	$(BIN)/pytest tests/e2e -m slow

chaos: setup ## an hour or two of kills, cuts, full disks and wiped brokers, many seeded runs of each
	@scripts/system-packages mosquitto strace
	KUBEDDR_CHAOS=1 $(BIN)/pytest tests/chaos --timeout 1200

test-recordings: setup ## reading, measured on the recorded games where there are any
	$(BIN)/pytest tests/recordings -m slow -s

clean: ## everything that setup made
	rm -rf $(VENV) $(TRAIN) .cache .state

lock: ## new lock files, without any index address (needs uv)
	for group in build runtime dev browser train; do \
	  case $$group in \
	    build) what="--group build" ;; runtime) what="pyproject.toml --extra postgres" ;; \
	    browser) what="pyproject.toml --group dev --group browser" ;; *) what="pyproject.toml --group $$group" ;; \
	  esac; \
	  uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    $$what --output-file requirements/$$group.txt || exit 1; \
	done
