# Bring back what backup.sh copied: sh docker/restore.sh FOLDER. What the databases hold now is replaced.
set -eu
: "${COMPOSE:=docker compose}"
folder=$1
for file in movie_genie.dump airflow.dump mlflow.dump releases.tar; do
  [ -s "$folder/$file" ] || { echo "error: $folder/$file: not found; is $folder a whole backup?" >&2; exit 1; }
done
$COMPOSE --profile '*' stop # nobody writes meanwhile
$COMPOSE up --detach --wait postgres
for database in movie_genie airflow mlflow; do
  $COMPOSE exec -T postgres pg_restore -U postgres --dbname "$database" --clean --if-exists --single-transaction \
    --no-owner --role "$database" < "$folder/$database.dump"
done
# Releases that came later stay beside them; `current` is the backup's.
$COMPOSE run --rm --no-deps -T backend tar -C releases -xf - < "$folder/releases.tar"
$COMPOSE up --detach --wait
echo "$folder is restored"
