# Run once, by a PostgreSQL whose volume is new: a database and an owner for each program.
# In a shell of its own, as the image's entry script may read this file into itself.
(
  set -eu
  while read -r name secret; do
    psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
      -v name="$name" -v password="$(cat "/run/secrets/$secret")" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
SQL
  done <<'NAMES'
movie_genie backend_database_password
airflow airflow_database_password
mlflow mlflow_database_password
NAMES
)
