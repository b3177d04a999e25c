#!/usr/bin/env bash
# `make image`: build the service's image, likewise:VERSION; its name is the last line of the output.
#
#   scripts/image.sh           runs graphs on the CPU
#   scripts/image.sh cuda      on NVIDIA GPUs: likewise:VERSION-cuda
#   scripts/image.sh bulk      bulk work, without the service: likewise:VERSION-bulk
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/engine.sh

target=${1:-cpu}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
image=likewise:$version
[ "$target" = cpu ] || image+=-$target

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find_engine "$work"
# By digest where BASE says so, in the environment or in .env (`make digests`).
base=${BASE:-$(sed -n 's/^BASE=//p' .env 2>/dev/null || true)}
base=${base:-python:3.11-slim-bookworm}
base_images "$base"
"$ENGINE" build "${BUILD_ARGS[@]}" --build-arg "BASE=$base" --target "$target" --tag "$PREFIX$image" \
  --label "org.opencontainers.image.version=$version" \
  --label "org.opencontainers.image.revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)" .
echo "$image"
