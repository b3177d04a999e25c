#!/usr/bin/env bash
# `make digests`: print the base images by digest, as lines for `.env`, which Compose and `make image` read.
#
#   make -s digests > .env        pulls each image first; needs a registry
#
# A tag may name another image tomorrow; a digest always names the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/engine.sh

IMAGES=(
  BASE=python:3.11-slim-bookworm
  GATEWAY_IMAGE=nginx:stable-bookworm
  PROMETHEUS_IMAGE=prom/prometheus:v3.5.0
  GRAFANA_IMAGE=grafana/grafana:12.1.0
)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find_engine "$work" >&2

for entry in "${IMAGES[@]}"; do
  image=${entry#*=}
  name=$image
  if [ "$ENGINE" = podman ]; then
    case $image in */*) name=docker.io/$image ;; *) name=$PREFIX$image ;; esac
  fi
  timeout 300 "$ENGINE" pull -q "$name" >/dev/null 2>&1 ||
    die "no registry provides $image; nothing is pinned, and the tags stay in use"
  digest=$("$ENGINE" image inspect --format '{{index .RepoDigests 0}}' "$name")
  echo "${entry%%=*}=$image@${digest##*@}"
done
