#!/usr/bin/env bash
# `make image-test`: build the image, start docker-compose.yml, and test both.
#
#   scripts/image_test.sh           builds and tests
#   scripts/image_test.sh images    builds the images only, beside other work; the tests then find them
#
# Under load, a replica is killed and all are replaced. The figures are printed at the end and written
# to the file CONTAINER_FIGURES; docs/deploy.md quotes those of deploy/image-test.json.
# Fails if neither Docker nor podman is installed or can be installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/engine.sh

work=$(mktemp -d)
helpers=()
clean_up() {
  for helper in "${helpers[@]}"; do kill "$helper" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap clean_up EXIT

# podman runs no health checks without systemd; Compose waits for them.
health_checks() {
  while sleep 1; do
    for container in $(podman ps --quiet --filter label=com.docker.compose.project); do
      podman healthcheck run "$container" >/dev/null 2>&1 || true
    done
  done
}

# promtool and Prometheus, without the daemon that their package would start.
prometheus() {
  command -v promtool >/dev/null && command -v prometheus >/dev/null && return
  command -v apt-get >/dev/null || die "promtool and prometheus are not installed; install Prometheus"
  (
    cd "$work"
    apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq && apt-get download -qq prometheus; }
    dpkg --extract prometheus_*.deb tools
  )
  export PATH=$work/tools/usr/bin:$PATH
}

find_engine "$work/engine"
base_images python:3.11-slim-bookworm nginx:stable-bookworm
[ "${1:-}" = images ] || prometheus
began=$SECONDS
image=$(scripts/image.sh | tee --append /dev/stderr | tail -n 1)
export CONTAINER_BUILD_S=$((SECONDS - began))
bulk_image=$(scripts/image.sh bulk | tee --append /dev/stderr | tail -n 1)
[ "${1:-}" != images ] || exit 0

if [ "$ENGINE" = podman ]; then
  export DOCKER_HOST=unix://$work/podman.sock
  podman system service --time=0 "$DOCKER_HOST" >/dev/null 2>&1 & helpers+=($!)
  health_checks & helpers+=($!)
fi

export CONTAINER_ENGINE=$ENGINE CONTAINER_PREFIX=$PREFIX CONTAINER_IMAGE=$image CONTAINER_BULK_IMAGE=$bulk_image
export CONTAINER_FIGURES=${CONTAINER_FIGURES:-$work/figures.json}
.venv/bin/pytest -m container tests/container
cat "$CONTAINER_FIGURES"
