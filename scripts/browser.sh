#!/usr/bin/env bash
# Print the path of the browser for the browser tests; as root on Debian, install Chromium if there is none.
# Never fails: without a browser those tests are skipped, with the reason.
set -euo pipefail

found() {
  [ -n "${CHROMIUM:-}" ] && echo "$CHROMIUM" && return
  command -v chromium-headless-shell || command -v chromium || command -v chromium-browser ||
    command -v google-chrome || command -v google-chrome-stable
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

install() {
  echo "installing Chromium for the browser tests (about a minute) ..."
  apt-get update -qq
  # The shell has what a page needs, and is not packaged everywhere.
  add chromium-headless-shell 2>/dev/null || add chromium
}

add() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "$1" fonts-dejavu-core >/dev/null
}

if ! found >/dev/null && may_install; then
  install || echo "Chromium could not be installed" >&2
fi
if browser=$(found); then
  echo "browser tests: $browser"
else
  echo "THE BROWSER TESTS WILL BE SKIPPED: there is no Chromium; install one, or set CHROMIUM to its path"
fi
