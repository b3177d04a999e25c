#!/bin/sh
# What the gateway's container runs: nginx, with the environment's values in its configuration, and
# beside it a look at the replicas each second, which nginx alone does not take.
#
#   sh /gateway/start.sh            start
#   sh /gateway/start.sh reload     take a changed template or certificate in; no request is dropped
set -eu

# A name server that is being told of a new container may drop a question; the default is to wait 5 s.
export RES_OPTIONS='timeout:1 attempts:1'

write_configuration() {
  # shellcheck disable=SC2016  # the names of variables, not their values: nginx has its own $names
  envsubst '${MAX_BODY_BYTES} ${ANSWER_TIMEOUT} ${RATE} ${BURST}' \
    < /gateway/nginx.conf.template > /tmp/nginx.conf.new
  nginx -q -t -c /tmp/nginx.conf.new
  mv /tmp/nginx.conf.new /tmp/nginx.conf
}

as_servers() { sed 's/.*/server &:8000 max_fails=0;/' | sort; }

ready() { # the addresses of "$@" whose replicas are ready
  for address in "$@"; do
    curl --silent --fail --connect-timeout 0.3 --max-time 2 --output /dev/null \
      "http://$address:8000/readyz" && echo "$address" &
  done
  wait
}

# The replicas that are ready, or all where none is: it may be the looking that fails. A name server
# that knows nobody for a moment changes nothing.
look() {
  addresses=$(getent ahostsv4 likewise | cut -d ' ' -f 1 | sort -u)
  [ -n "$addresses" ] || return 0
  # shellcheck disable=SC2086  # one word an address
  ready $addresses | as_servers > /tmp/replicas.new
  [ -s /tmp/replicas.new ] || echo "$addresses" | as_servers > /tmp/replicas.new
  cmp -s /tmp/replicas.new /tmp/replicas.conf && return 0
  mv /tmp/replicas.new /tmp/replicas.conf
  [ ! -s /tmp/nginx.pid ] || nginx -c /tmp/nginx.conf -s reload
}

if [ "${1:-start}" = reload ]; then
  write_configuration
  exec nginx -c /tmp/nginx.conf -s reload
fi
rm -f /tmp/nginx.pid
echo 'server 127.0.0.1:8000 down;' > /tmp/replicas.conf
look || true
write_configuration
while sleep 1; do look || true; done &
exec nginx -c /tmp/nginx.conf -g 'daemon off;'
