# Everything a person does with a clone. `make` alone lists it.
SHELL := bash
VENV ?= .venv
PORT ?= 8000
WIDTH ?=
NAMES ?=
PARTS ?=
BIN := $(VENV)/bin
SETUP := VENV=$(VENV) bash .ci/setup
PYTEST := $(BIN)/pytest -q -n 2
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.12 --generate-hashes --no-header --quiet

.PHONY: help run test browser server lint pictures lock benchmark clean

help:
	@echo 'make run         the dashboard with demonstration registries, on http://localhost:$(PORT)/ (PORT=8001: elsewhere)'
	@echo 'make test        the tests that need no server'
	@echo 'make browser     the tests in Chromium'
	@echo 'make server      the tests that kill a server in the middle of its work'
	@echo 'make lint        ruff, mypy, djade and what Django checks'
	@echo 'make pictures    pictures of every page into docs/pictures/ (NAMES="list tier", WIDTH=768)'
	@echo 'make benchmark   how fast it all is (PARTS="pages size": some of it; docs/performance.md says what it means)'
	@echo 'make lock        requirements.txt and requirements-dev.txt from pyproject.toml (LOCK_FLAGS=--upgrade: newer ones)'
	@echo 'make clean       remove what the others made, but not var/, where your registries are'
	@echo 'bash .ci/run     all of it, on SQLite and PostgreSQL, as before every merge'

# What your shell has set for another installation must not reach the demonstration.
run: export DEMONSTRATION := true
run: export DATABASE_URL :=
run: export ALLOWED_HOSTS :=
run: export HTTPS := false
run: export DEBUG := false
run:
	@$(SETUP) requirements.txt $(PORT)
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@$(BIN)/python manage.py demo
	@echo 'Portcullis: http://localhost:$(PORT)/ (Ctrl+C stops it)'
	@exec $(BIN)/granian --interface wsgi registries.wsgi:application --host 127.0.0.1 --port $(PORT) \
		--workers 1 --blocking-threads 4 --no-access-log --log-level warning

test:
	@$(SETUP) requirements-dev.txt
	@$(PYTEST) -m 'not browser and not server'
	@echo 'The rest: make browser (needs Chromium), make server, bash .ci/run (Chromium and PostgreSQL).'

browser:
	@$(SETUP) requirements-dev.txt
	@$(PYTEST) -m browser tests/browser

server:
	@$(SETUP) requirements-dev.txt
	@$(PYTEST) -m server tests/servers

# The last check stands for production: nothing of demonstration mode, a host name, TLS.
lint:
	@$(SETUP) requirements-dev.txt
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	find templates -name '*.html' -print0 | sort -z | xargs -0 $(BIN)/djade --check --target-version 6.1
	$(BIN)/python manage.py makemigrations --check --dry-run
	DEMONSTRATION=false DEBUG=false HTTPS=true ALLOWED_HOSTS=portcullis.example.org \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

pictures:
	@$(SETUP) requirements-dev.txt
	@$(BIN)/python -m tests.browser.pictures $(if $(WIDTH),--width $(WIDTH)) $(NAMES)

lock:
	@$(SETUP) requirements-dev.txt
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	$(LOCK) $(LOCK_FLAGS) --output-file requirements.txt
	$(LOCK) $(LOCK_FLAGS) --group dev --output-file requirements-dev.txt

benchmark:
	@$(SETUP) requirements-dev.txt
	@$(BIN)/python -m benchmarks $(PARTS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find registries networking tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
