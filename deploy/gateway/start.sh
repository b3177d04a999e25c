#!/bin/sh
# Entrypoint of the gateway's container: put the environment's values into nginx's configuration, run
# nginx, and check the replicas each second, which nginx itself does not do.
#
#   sh /gateway/start.sh            start
#   sh /gateway/start.sh reload     apply a changed template or certificate; no request is dropped
set -eu

# The name server may drop a query while a container is added; the default timeout is 5 s.
export RES_OPTIONS='timeout:1 attempts:1'

write_configuration() {
  # shellcheck disable=SC2016  # names of variables for envsubst; nginx has its own $names
  envsubst '${MAX_BODY_BYTES} ${ANSWER_TIMEOUT} ${RATE} ${BURST}' \
    < /gateway/nginx.conf.template > /tmp/nginx.conf.new
  nginx -q -t -c /tmp/nginx.conf.new
  mv /tmp/nginx.conf.new /tmp/nginx.conf
}

as_servers() { sed 's/.*/server &:8000 max_fails=0;/' | sort; }

ready() { # print those addresses of "$@" whose replicas are ready
  for address in "$@"; do
    curl --silent --fail --connect-timeout 0.3 --max-time 2 --output /dev/null \
      "http://$address:8000/readyz" && echo "$address" &
  done
  wait
}

# Write the ready replicas, or all if none is ready, since the check itself may fail, and reload nginx
# on a change. If the name server returns no address, nothing changes. A list counts as applied only
# once nginx has been told, so that a reload that failed is tried again a second later.
update_replicas() {
  addresses=$(getent ahostsv4 likewise | cut -d ' ' -f 1 | sort -u)
  [ -n "$addresses" ] || return 0
  # shellcheck disable=SC2086  # one word per address
  ready $addresses | as_servers > /tmp/replicas.new
  [ -s /tmp/replicas.new ] || echo "$addresses" | as_servers > /tmp/replicas.new
  cmp -s /tmp/replicas.new /tmp/replicas.applied && return 0
  mv /tmp/replicas.new /tmp/replicas.conf
  [ -s /tmp/nginx.pid ] || return 0
  nginx -c /tmp/nginx.conf -s reload && cp /tmp/replicas.conf /tmp/replicas.applied
}

if [ "${1:-start}" = reload ]; then
  write_configuration
  exec nginx -c /tmp/nginx.conf -s reload
fi
rm -f /tmp/nginx.pid /tmp/replicas.applied
echo 'server 127.0.0.1:8000 down;' > /tmp/replicas.conf
update_replicas || true
write_configuration
while sleep 1; do update_replicas || true; done &
exec nginx -c /tmp/nginx.conf -g 'daemon off;'
