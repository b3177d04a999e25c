# shellcheck shell=bash
# engine.sh: sourced by image.sh and image_test.sh. Finds the container engine of this machine.
#
# `find_engine` sets
#   ENGINE       docker if its daemon answers, podman otherwise (installed if the user is root on Debian)
#   PREFIX       prefix of an image's name that the engine's API needs to find it
#   BUILD_ARGS   arguments that `$ENGINE build` needs here
#
# `base_images IMAGE...` provides the public base images: from a registry or, if none answers, by the
# script that BASE_IMAGES names. It is called with the names before the colons, and an `engine-env.sh`
# beside it is sourced for what podman needs on a locked-down machine.

# shellcheck disable=SC2034  # used by the scripts that source this

PODMAN_PACKAGES=(podman runc netavark aardvark-dns catatonit iptables mmdebstrap)

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

find_engine() { # find_engine FOLDER, which must last as long as the engine is used
  PREFIX="" BUILD_ARGS=()
  if docker info >/dev/null 2>&1; then
    ENGINE=docker
    return
  fi
  command -v podman >/dev/null || install_podman
  # Without --format=docker podman leaves the HEALTHCHECK out.
  ENGINE=podman PREFIX=docker.io/library/ BUILD_ARGS=(--format=docker)
  local environment=${BASE_IMAGES:+$(dirname "$BASE_IMAGES")/engine-env.sh}
  if [ -n "$environment" ] && [ -f "$environment" ]; then
    # shellcheck source=/dev/null
    source "$environment"
    engine_env "$1"
  fi
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Succeeds if an engine is installed or can be installed.
engine_possible() { docker info >/dev/null 2>&1 || command -v podman >/dev/null || may_install; }

install_podman() {
  if ! may_install; then
    die "found neither a Docker daemon nor podman; installing podman needs root on Debian"
  fi
  echo "installing podman ..."
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${PODMAN_PACKAGES[@]}" >/dev/null
}

base_images() {
  local image missing=()
  for image in "$@"; do
    "$ENGINE" image inspect "$image" >/dev/null 2>&1 ||
      timeout 120 "$ENGINE" pull -q "$PREFIX$image" >/dev/null 2>&1 ||
      missing+=("${image%%:*}")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  [ -n "${BASE_IMAGES:-}" ] ||
    die "no registry provides ${missing[*]}; set BASE_IMAGES to a script that builds them"
  "$BASE_IMAGES" "${missing[@]}"
}
