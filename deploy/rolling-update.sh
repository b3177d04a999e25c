#!/bin/sh
# Replace the replicas of docker-compose.yml, one after the other, without a failed request: as many new
# ones are started beside the old, and each old one drains before the next is stopped.
#
#   docker compose build && deploy/rolling-update.sh
#
# ENGINE (docker) and COMPOSE (docker compose) may name others. Exit status 1, with the old replicas
# still serving, where the new ones are not healthy within PATIENCE_S (60).
set -eu

engine=${ENGINE:-docker}
compose() { ${COMPOSE:-docker compose} "$@"; }

old=$(compose ps --quiet likewise)
[ -n "$old" ] || { echo "no replica runs; start them with: docker compose up --detach" >&2; exit 1; }
count=$(printf '%s\n' "$old" | wc -l)
patience=${PATIENCE_S:-60}

take_back() {
  for container in $(compose ps --all --quiet likewise); do
    printf '%s\n' "$old" | grep -q "$container" || "$engine" rm --force "$container" >/dev/null
  done
  echo "the new replicas are not healthy within $patience s; the old ones serve as before" >&2
  exit 1
}

compose up --detach --no-deps --no-recreate --no-build --wait --wait-timeout "$patience" \
  --scale "likewise=$((count * 2))" likewise || take_back

for container in $old; do
  "$engine" stop --time 30 "$container" >/dev/null
  "$engine" rm "$container" >/dev/null
done
