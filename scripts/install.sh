#!/usr/bin/env bash
# Run a `pip install` and show its progress: each package, and the elapsed time during longer steps.
#   scripts/install.sh PIP install ARGUMENTS
set -euo pipefail

show_progress() {
  local line status
  while true; do
    status=0
    IFS= read -r -t 5 line || status=$?
    if [ "$status" -gt 128 ]; then # nothing for 5 s
      echo "  ... $SECONDS s"
    elif [ "$status" -ne 0 ]; then
      break
    fi
    case $line in
      Collecting*) line=${line#Collecting } && echo "  ${line%% *}" ;;
      Building*) echo "  building the package" ;;
      Installing\ collected*) echo "  installing $(($(wc -w <<<"$line") - 3)) packages" ;;
    esac
  done
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! "$1" --disable-pip-version-check "${@:2}" 2>&1 | tee "$log" | show_progress; then
  tail -n 40 "$log" >&2
  exit 1
fi
echo "  done in $SECONDS s"
