#!/bin/sh
# What the gateway's container runs: nginx, with the environment's values in its configuration.
#
#   sh /gateway/start.sh            start
#   sh /gateway/start.sh reload     take a changed template or certificate in; no request is dropped
set -eu

# The first alone: it knows the replicas. podman lists the host's after it, and nginx, which takes
# turns, would hear from those that there is no such name.
RESOLVER=$(awk '$1 == "nameserver" { print ($2 ~ /:/ ? "[" $2 "]" : $2); exit }' /etc/resolv.conf)
export RESOLVER

# shellcheck disable=SC2016  # the names of variables, not their values: nginx has its own $names
envsubst '${RESOLVER} ${MAX_BODY_BYTES} ${ANSWER_TIMEOUT} ${RATE} ${BURST}' \
  < /gateway/nginx.conf.template > /tmp/nginx.conf.new
nginx -q -t -c /tmp/nginx.conf.new
mv /tmp/nginx.conf.new /tmp/nginx.conf

if [ "${1:-start}" = reload ]; then
  exec nginx -c /tmp/nginx.conf -s reload
fi
exec nginx -c /tmp/nginx.conf -g 'daemon off;'
