# Copy the stack's databases and releases, while it runs: sh docker/backup.sh [FOLDER]
set -eu
: "${COMPOSE:=docker compose}"
folder=${1:-backups/$(date -u +%Y%m%d-%H%M%S)}
umask 077 # accounts are in it
mkdir -p "$folder"
for database in movie_genie airflow mlflow; do
  $COMPOSE exec -T postgres pg_dump -U postgres --format custom "$database" > "$folder/$database.dump.part"
  mv "$folder/$database.dump.part" "$folder/$database.dump" # a dump that broke off has no name to restore it by
done
# Releases never change; one that is being written has a name that begins with a dot.
$COMPOSE exec -T backend tar -C releases -cf - --exclude './.*' . > "$folder/releases.tar.part"
mv "$folder/releases.tar.part" "$folder/releases.tar"
echo "$folder:"
ls -l "$folder"
