#!/bin/sh
# Replace the replicas of docker-compose.yml without a failed request: start as many new ones, then stop
# the old ones one after the other, each after it has drained.
#
#   docker compose build && deploy/rolling-update.sh
#
# ENGINE (default: docker) and COMPOSE (docker compose) select other programs. If the new replicas are
# not healthy within PATIENCE_S (60), they are removed and the exit status is 1; the old ones keep serving.
set -eu

engine=${ENGINE:-docker}
compose() { ${COMPOSE:-docker compose} "$@"; }

old=$(compose ps --quiet likewise)
[ -n "$old" ] || { echo "no replica is running; start them with: docker compose up --detach" >&2; exit 1; }
count=$(printf '%s\n' "$old" | wc -l)
patience=${PATIENCE_S:-60}

roll_back() {
  for container in $(compose ps --all --quiet likewise); do
    printf '%s\n' "$old" | grep -q "$container" || "$engine" rm --force "$container" >/dev/null
  done
  echo "the new replicas are not healthy within $patience s; the old ones keep serving" >&2
  exit 1
}

compose up --detach --no-deps --no-recreate --no-build --wait --wait-timeout "$patience" \
  --scale "likewise=$((count * 2))" likewise || roll_back

for container in $old; do
  "$engine" stop --time 30 "$container" >/dev/null
  "$engine" rm "$container" >/dev/null
done
