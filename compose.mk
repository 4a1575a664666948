# The whole stack in containers; docs/how-to/docker-deployment.md
.PHONY: env up down logs passwords backup restore test-compose

COMPOSE ?= docker compose

env: ## Write .env with random secrets, for docker compose (it does without, too)
	@test ! -e .env || { echo "error: .env is there already; its secrets may be in use" >&2; exit 1; }
	@umask 077 && $(PYTHON) docker/secrets/make_secrets.py --env > .env
	@echo ".env is written; only you can read it"

up: ## Build the images and start the stack, at http://localhost:8000 (WEB_PORT=…)
	@$(COMPOSE) up --detach --build --wait
	@echo "The app is at http://localhost:$(or $(WEB_PORT),8000), Airflow at http://localhost:$(or $(AIRFLOW_PORT),8080); make passwords"

down: ## Stop the stack; its data stays
	@$(COMPOSE) --profile '*' down

logs: ## Follow what the stack's services say (SERVICE=backend)
	@$(COMPOSE) logs --follow --tail 100 $(SERVICE)

passwords: ## Show the first admin's passwords
	@echo "The app, and Airflow: user admin"
	@$(COMPOSE) exec backend sh -c 'cd /run/secrets && for it in admin airflow_admin grafana; do echo "$$it: $$(cat $${it}_password)"; done'

backup: ## Copy the databases and releases into backups/
	@sh docker/backup.sh

restore: ## Bring a backup back: FROM=backups/…
	@test -n "$(FROM)" || { echo "error: say which: make restore FROM=backups/…" >&2; exit 1; }
	@sh docker/restore.sh "$(FROM)"

test-compose: $(INSTALLED) ## Run the tests that build and start the whole stack (needs Docker with Compose)
	$(BIN)/pytest -m "" tests/compose
