# Everything a person does with a clone. `make` alone lists it.
SHELL := bash
VENV ?= .venv
PORT ?= 8000
ARM_PORT ?= 8443
WIDTH ?=
NAMES ?=
PARTS ?=
BIN := $(VENV)/bin
SETUP := VENV=$(VENV) bash .ci/setup
PYTEST := $(BIN)/pytest -q -n 2
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.12 --generate-hashes --no-header --quiet

.PHONY: help run lab test browser server clients lint pictures lock benchmark clean

help:
	@echo 'make run         the dashboard with demonstration registries on http://localhost:$(PORT)/, and the ARM API (PORT=8001 ARM_PORT=8444: elsewhere)'
	@echo 'make lab         the whole of it: gate, nginx, registries, and hosts with addresses of their own (Linux, as root)'
	@echo 'make test        the tests that need no server'
	@echo 'make browser     the tests in Chromium'
	@echo 'make server      the tests that kill a server in the middle of its work'
	@echo 'make clients     the tests with skopeo, oras, curl and az against a running Portcullis (Linux, as root)'
	@echo 'make lint        ruff, mypy, djade and what Django checks'
	@echo 'make pictures    pictures of every page into docs/pictures/ (NAMES="list tier", WIDTH=768)'
	@echo 'make benchmark   how fast it all is (PARTS="pages size": some of it; docs/performance.md says what it means)'
	@echo 'make lock        requirements*.txt from pyproject.toml (LOCK_FLAGS=--upgrade: newer ones)'
	@echo 'make clean       remove what the others made, but not var/, where your registries are'
	@echo 'bash .ci/run     all of it, on SQLite and PostgreSQL, as before every merge'

# What your shell has set for another installation must not reach the demonstration.
run: export DEMONSTRATION := true
run: export DATABASE_URL :=
run: export ALLOWED_HOSTS :=
run: export HTTPS := false
run: export DEBUG := false
run: export SERVES :=
run: export LOGIN_SERVER_SUFFIX :=
run: export ARM_DEVICE_CODE_ACCOUNT :=
run: export ARM_IDENTITY_ACCOUNT :=
run: export ARM_IDENTITY_HEADER :=
run: export ARM_URL := https://localhost:$(ARM_PORT)
run:
	@$(SETUP) requirements.txt PORT=$(PORT):8001 ARM_PORT=$(ARM_PORT):8444
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@$(BIN)/python manage.py demo
	@echo 'az connects with these four lines:'
	@$(BIN)/python manage.py connect
	@echo 'Each registry answers on its own host name, like http://mycontainerregistry.azurecr.localhost:$(PORT)/v2/; try it from two addresses:'
	@echo '  curl -i -H "X-Forwarded-For: 203.0.113.10" http://mycontainerregistry.azurecr.localhost:$(PORT)/v2/    (allowed: 401, sign in)'
	@echo '  curl -i -H "X-Forwarded-For: 192.0.2.77" http://mycontainerregistry.azurecr.localhost:$(PORT)/v2/    (refused: 403)'
	@echo 'docker and skopeo need the names in /etc/hosts, and REGISTRY_UPSTREAM a registry to pull from:'
	@echo '  127.0.0.1 mycontainerregistry.azurecr.localhost mycontainerregistry.eastus.data.azurecr.localhost mycontainerregistry.blob.azurecr.localhost'
	@echo 'Portcullis: http://localhost:$(PORT)/ (Ctrl+C stops it)'
	@exec env VENV=$(VENV) bash .ci/serve $(PORT) $(ARM_PORT)

lab:
	@$(SETUP) requirements.txt PORT=$(PORT):8001
	@exec $(BIN)/python -B -m deploy.lab --port $(PORT)

test:
	@$(SETUP) requirements-dev.txt
	@$(PYTEST) -m 'not browser and not server and not client'
	@echo 'The rest: make browser (needs Chromium), make server, make clients, bash .ci/run (Chromium and PostgreSQL).'

# A file is one worker's, so that the servers of its own start once.
browser:
	@$(SETUP) requirements-dev.txt
	@$(PYTEST) --dist loadfile -m browser tests/browser

server:
	@$(SETUP) requirements-dev.txt
	@$(PYTEST) -m server tests/servers

# Those of the lab are one worker's, one after the other; az is the other's.
clients:
	@$(SETUP) requirements-dev.txt
	@$(PYTEST) --dist loadscope -m client tests/clients

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
	$(COMPILE) pyproject.toml $(LOCK_FLAGS) --output-file requirements.txt
	$(COMPILE) pyproject.toml $(LOCK_FLAGS) --group dev --output-file requirements-dev.txt
	$(COMPILE) $(LOCK_FLAGS) --group az --output-file requirements-az.txt

benchmark:
	@$(SETUP) requirements-dev.txt
	@$(BIN)/python -m benchmarks $(PARTS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find registries networking deploy tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
