# Put Airflow's and the stages' secrets into the environment, then become the command.
set -eu
secret() { cat "/run/secrets/$1"; }
AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow:$(secret airflow_database_password)@postgres/airflow
AIRFLOW__API_AUTH__JWT_SECRET=$(secret airflow_jwt_secret)
AIRFLOW__API__SECRET_KEY=$(secret airflow_api_secret)
AIRFLOW__CORE__FERNET_KEY=$(secret airflow_fernet_key)
AIRFLOW_PASSWORD=$(secret airflow_admin_password)
DATABASE_URL=postgresql://movie_genie:$(secret backend_database_password)@postgres/movie_genie
MLFLOW_BACKEND_STORE_URI=postgresql+psycopg://mlflow:$(secret mlflow_database_password)@postgres/mlflow
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN AIRFLOW__API_AUTH__JWT_SECRET AIRFLOW__API__SECRET_KEY
export AIRFLOW__CORE__FERNET_KEY AIRFLOW_PASSWORD DATABASE_URL MLFLOW_BACKEND_STORE_URI
# Airflow's simple sign-in reads users' passwords from a file that it may write.
(umask 077 && printf '{"admin": "%s"}\n' "$AIRFLOW_PASSWORD" > /opt/airflow/passwords.json)
case "$*" in
# After a restart of the machine nothing waits for anything: tasks that begin before the API answers would fail.
"airflow scheduler"* | "airflow celery worker"*)
  if [ "$2" = celery ] && [ "$AIRFLOW__CORE__EXECUTOR" != CeleryExecutor ]; then
    echo "error: workers get no tasks: set AIRFLOW_EXECUTOR=CeleryExecutor in .env" >&2
    exit 1
  fi
  # DVC takes no link that leads nowhere for a lock file; this one is empty.
  [ -e dvc.lock ] || echo 'schema: "2.0"' > dvc.lock
  until python docker/airflow/healthy.py metadatabase; do sleep 2; done ;;
esac
exec "$@"
