# Airflow, in an environment of its own; docs/how-to/scheduling-with-airflow.md
.PHONY: airflow airflow-install airflow-run airflow-worker test-airflow

AIRFLOW_BIN := .venv-airflow/bin
AIRFLOW_KEY := $(shell cat pyproject.toml constraints-airflow.txt | cksum | cut -d' ' -f1)
AIRFLOW_INSTALLED := .venv-airflow/.installed-$(AIRFLOW_KEY)
AIRFLOW_ARGUMENTS := $(if $(AIRFLOW_PORT),--port $(AIRFLOW_PORT))

airflow: $(INSTALLED) $(AIRFLOW_INSTALLED) ## Run Airflow at http://localhost:8080 (AIRFLOW_PORT=…) until Ctrl-C
	@exec $(AIRFLOW_BIN)/python scripts/start_airflow.py $(AIRFLOW_ARGUMENTS)

airflow-run: $(AIRFLOW_INSTALLED) ## Trigger the DAG in that Airflow, and wait for its result
	@$(AIRFLOW_BIN)/python scripts/run_dag.py $(AIRFLOW_ARGUMENTS)

airflow-worker: $(INSTALLED) $(AIRFLOW_INSTALLED) ## Take tasks for an Airflow elsewhere: QUEUES=data,train,web [LOG_PORT=8793]
	@exec $(AIRFLOW_BIN)/python scripts/start_airflow.py --queues $(or $(QUEUES),data,train,web) $(if $(LOG_PORT),--log-port $(LOG_PORT))

airflow-install: $(AIRFLOW_INSTALLED) ## Set up .venv-airflow

$(AIRFLOW_INSTALLED):
	@test -x $(AIRFLOW_BIN)/python || $(PYTHON) -m venv .venv-airflow
	@echo "Installing Airflow into .venv-airflow; the first time takes some minutes."
	@$(AIRFLOW_BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(AIRFLOW_BIN)/python -m pip install --quiet --constraint constraints-airflow.txt --group airflow
	@echo '$(CURDIR)' > "$$($(AIRFLOW_BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/movie_genie.pth"
	@rm -f .venv-airflow/.installed-*
	@touch $@

test-airflow: $(INSTALLED) $(AIRFLOW_INSTALLED) ## Run the tests that start a real Airflow (and, where Redis is, its workers)
	$(BIN)/pytest -m airflow tests/orchestration
