#!/usr/bin/env bash
# Makes the generated part of client/ anew from the service's OpenAPI document.
#
#   scripts/client.sh PYTHON GENERATOR          PYTHON has the service, GENERATOR is the folder of the tools
#   scripts/client.sh --check PYTHON GENERATOR  says whether that would change anything
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

check=""
[ "$1" != --check ] || { check=yes && shift; }
python=$1 tools=$(cd "$2" && pwd)

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$python" -m app.server.openapi >"$made/openapi.json"
PATH=$tools/bin:$PATH openapi-python-client generate --path "$made/openapi.json" \
  --config client/generator.yaml --meta none --output-path "$made/generated" \
  --fail-on-warning >"$made/log" || { cat "$made/log" >&2 && exit 1; }
rm -rf "$made/generated/.ruff_cache"
# A boundary that is known beforehand lets whoever made an image end its part, and add parts of his own.
find "$made/generated/api" -name '*.py' -exec \
  sed -i '/headers\["Content-Type"\] = "multipart\/form-data; boundary=+++"/d' {} +
"$tools/bin/ruff" format --quiet --isolated --line-length 100 "$made/generated"

if [ -n "$check" ]; then
  if ! diff -r -x __pycache__ "$made/generated" client/likewise_client/generated ||
    ! diff "$made/openapi.json" client/openapi.json; then
    echo "the client is not that of the API: run \`make client\`" >&2
    exit 1
  fi
else
  rm -rf client/likewise_client/generated
  mv "$made/generated" client/likewise_client/generated
  mv "$made/openapi.json" client/openapi.json
fi
