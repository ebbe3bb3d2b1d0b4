#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# What the module costs: requests a second of a location with and without it, of polls, of pages and of joins. One worker of
# nginx and one thread of wrk, so that each has a core of two.
#
#   tests/nginx/bench.sh <ngx_http_waitq_module.so> [seconds a measurement, 4] [rounds, 5]
set -euo pipefail
cd "$(dirname "$0")/../.."
.ci/need nginx nginx-dev redis-server wrk curl python3 || exit 1

module=$(realpath "$1") seconds=${2:-4} rounds=${3:-5}
folder=$(mktemp -d)
nginx_pid='' redis_pid=''
stop() {
  [ -z "$nginx_pid" ] || kill "$nginx_pid" || true
  [ -z "$redis_pid" ] || kill "$redis_pid" || true
  wait
  rm -rf "$folder"
}
trap stop EXIT

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
port=$(free_port) redis_port=$(free_port)

mkdir "$folder/html"
head -c 1024 /dev/zero | tr '\0' x >"$folder/html/page"
printf '%064d' 1 >"$folder/key"
cat >"$folder/nginx.conf" <<EOF
daemon off;
load_module $module;
$([ "$(id -u)" != 0 ] || echo 'user root;')
pid $folder/nginx.pid;
error_log $folder/error.log;
worker_processes 1;
events { worker_connections 1024; }
http {
  client_body_temp_path $folder/body; proxy_temp_path $folder/proxy; fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi;
  access_log off;
  keepalive_requests 1000000;
  waitq_store redis://127.0.0.1:$redis_port;
  waitq_key k1 key KEY_ALGORITHM;
  server {
    listen 127.0.0.1:$port;
    root $folder/html;
    location = /plain { try_files /page =404; }
    location = /guarded { waitq on; waitq_room guarded; waitq_rate 1000r/s; waitq_burst 1000; try_files /page =404; }
    location = /busy { waitq on; waitq_room busy; waitq_rate 1r/m; waitq_burst 1; try_files /page =404; }
    location /waitq/busy/ { waitq_endpoint; waitq_room busy; }
  }
}
EOF

redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --dir "$folder" >/dev/null &
redis_pid=$!

start_nginx() {
  [ -z "$nginx_pid" ] || { kill "$nginx_pid" && wait "$nginx_pid" || true; }
  sed "s/KEY_ALGORITHM/$1/" "$folder/nginx.conf" >"$folder/$1.conf"
  /usr/sbin/nginx -p "$folder" -c "$1.conf" -e "$folder/error.log" 2>/dev/null &
  nginx_pid=$!
  for _ in $(seq 100); do
    curl --silent --output /dev/null "http://127.0.0.1:$port/plain" && return
    sleep 0.1
  done
  exit 1
}

# cookies <path>: what a visitor who comes there is given, as a Cookie header
cookies() {
  curl --silent --output /dev/null --dump-header - "http://127.0.0.1:$port$1" |
    sed -n 's/^Set-Cookie: \([^;]*\);.*/\1/p' | paste -sd';' | sed 's/;/; /g'
}

# rate <path> [cookie]: requests a second
rate() {
  wrk --threads 1 --connections 32 --duration "${seconds}s" --header "Cookie: ${2:-none=1}" "http://127.0.0.1:$port$1" |
    sed -n 's/^Requests\/sec: *\([0-9]*\).*/\1/p'
}

median() {
  sort -n | sed -n "$(((rounds + 1) / 2))p"
}

# compare <name> <path>...: the paths in turn, so that what else the machine does falls on all alike
declare -A cookie
compare() {
  local path
  for path in "$@"; do : >"$folder/${path//\//_}.rates"; done
  for _ in $(seq "$rounds"); do
    for path in "$@"; do rate "$path" "${cookie[$path]:-}" >>"$folder/${path//\//_}.rates"; done
  done
}
show() {
  printf '%-44s %8d requests/s\n' "$1" "$(median <"$folder/${2//\//_}.rates")"
}

echo "nginx $(/usr/sbin/nginx -v 2>&1 | sed 's/.*\///'), one worker; wrk with one thread and 32 connections; a file of 1 KiB"
echo "median of $rounds rounds of $seconds s each"
for algorithm in hs256 ed25519; do
  start_nginx "$algorithm"
  cookie[/guarded]=$(cookies /guarded)
  cookie[/plain]=${cookie[/guarded]}
  [[ ${cookie[/guarded]} == *waitq_guarded=* ]] || exit 1
  compare /plain /guarded
  show "$algorithm: not guarded" /plain
  show "$algorithm: guarded, with a pass" /guarded
done

cookies /busy >/dev/null
cookie[/busy]=$(cookies /busy)
cookie[/waitq/busy/status]=${cookie[/busy]}
compare /waitq/busy/status /busy
show "a poll, at two waiting" /waitq/busy/status
show "the waiting page, to who has a place" /busy
cookie[/busy]=''
compare /busy
show "a join and the waiting page" /busy
