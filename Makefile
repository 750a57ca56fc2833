# Two commands do everything on a machine that has Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run test containers image check lint types imports fidelity rest-api spl-reference clean

run: $(STAMP)  ## install, then run the main job: test every detection of this repository
	$(BIN)/harness test

test: check  ## install, check style, types and import arrows, then run all tests
	$(BIN)/pytest -n auto --dist worksteal -m 'not containers'

containers: $(STAMP)  ## the tests that start containers: with the Docker engine that answers, or with one of their own
	$(BIN)/pytest -m containers tests/containers

image: wheelhouse  ## the harness image, with its wheels built here
	docker build --file docker/Dockerfile --tag harness docker

.PHONY: wheelhouse
wheelhouse: $(STAMP)
	rm -rf docker/wheelhouse
	$(BIN)/pip wheel --quiet --disable-pip-version-check --wheel-dir docker/wheelhouse .

check: lint types imports

lint: $(STAMP)
	$(BIN)/ruff check harness tests
	$(BIN)/ruff format --check harness tests

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMP)

fidelity: $(STAMP)  ## write the fidelity page and its summary anew from the tests
	$(BIN)/python -m tests.fidelity.page

rest-api: $(STAMP)  ## write the page of all endpoints anew from the routes
	$(BIN)/python -m tests.rest.endpoints

spl-reference: $(STAMP)  ## write the page of the search language anew from the code and its tests
	$(BIN)/python -m tests.conformance.reference

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
