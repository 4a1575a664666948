# Put the backend's secrets into the environment, then become the command.
set -eu
secret() { cat "/run/secrets/$1"; }
SECRET_KEY=$(secret secret_key)
DATABASE_URL=postgresql://movie_genie:$(secret backend_database_password)@postgres/movie_genie
AIRFLOW_PASSWORD=$(secret airflow_admin_password)
export SECRET_KEY DATABASE_URL AIRFLOW_PASSWORD
exec "$@"
