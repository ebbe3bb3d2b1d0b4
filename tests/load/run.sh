#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Measures the gateway on this machine:
#
#   tests/load/run.sh          about seven minutes
#   tests/load/run.sh --quick  seconds for each step
#   tests/load/run.sh --try    that all of it runs, for the tests
#
# With a folder behind that, what was built there is measured; otherwise build/load is made. Needs wrk; --try does without. What the figures mean is in docs/gateway.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

mode=full build=${2:-} seconds=10 visitors=300000 join_rate=20000 crowd_seconds=35 connections=10000
case ${1:-} in
  "" | --full) ;;
  --quick) mode=quick seconds=3 visitors=60000 crowd_seconds=10 connections=2000 ;;
  --try) mode=try seconds=1 visitors=1000 join_rate=1000 crowd_seconds=2 connections=100 ;;
  *) sed -n '5,11p' "$0" | sed 's/^# \{0,1\}//' && exit 2 ;;
esac

if [ -z "$build" ]; then
  "$root/.ci/need" gcc cmake ninja-build pkg-config libsodium-dev libhiredis-dev libssl-dev libcmocka-dev \
    libh2o-evloop-dev libjansson-dev zlib1g-dev redis-server python3 wrk
  build=$root/build/load
  cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
  cmake --build "$build" --target waitq-gateway waitq-backend load_floor load_crowd >/dev/null
fi
gateway=$build/examples/gateway/waitq-gateway
backend=$build/examples/gateway/waitq-backend
floor=$build/tests/load/load_floor
crowd=$build/tests/load/load_crowd

folder=$(mktemp -d)
processes=()
started=""
clean() {
  local id
  for id in "${processes[@]}"; do kill "$id" 2>/dev/null || true; done
  for id in "${processes[@]}"; do wait "$id" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap clean EXIT
ulimit -n "$(ulimit -Hn)"

# start NAME COMMAND...: sets started to its process id and port to what it listens on
start() {
  local name=$1 output=$folder/$1.out
  shift
  : >"$output"
  "$@" >"$output" 2>"$folder/$name.err" &
  started=$!
  processes+=("$started")
  for _ in $(seq 200); do
    port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$output")
    [ -n "$port" ] && return 0
    kill -0 "$started" 2>/dev/null || break
    sleep 0.05
  done
  echo "$name did not start" >&2
  cat "$folder/$name.err" >&2
  return 1
}

stop() {
  kill "$1"
  wait "$1" || { echo "a process ended with $?" >&2; return 1; }
}

cpu_us() { awk '{printf "%d\n", ($14 + $15) * 1000000 / '"$(getconf CLK_TCK)"'}' "/proc/$1/stat"; }
resident_mb() { awk '/^VmRSS/ {printf "%.1f\n", $2 / 1024}' "/proc/$1/status"; }

headline() { printf '\n## %s\n\n' "$*"; }

# storm LABEL PID CONNECTIONS SCRIPT...: wrk against $port; a line with requests/s, latencies, errors, and CPU of the server
storm() {
  local label=$1 id=$2 wide=$3 before after output requests
  shift 3
  [ "$mode" = try ] && return 0
  before=$(cpu_us "$id")
  output=$(wrk -t1 -c"$wide" -d"${seconds}s" --latency "$@" "http://127.0.0.1:$port/api/v1/queue/status")
  after=$(cpu_us "$id")
  requests=$(awk '/requests in/ {print $1}' <<<"$output")
  awk -v label="$label" -v wide="$wide" -v requests="$requests" -v cpu="$((after - before))" '
    /Requests\/sec/ {rate = $2} /50%/ {p50 = $2} /95%/ {p95 = $2} /99%/ {p99 = $2}
    /Socket errors/ {broken += $4 + $6 + $8 + $10} /Non-2xx/ {refused += $NF}
    END {printf "%-16s %6d connections %9.0f requests/s  p50 %9s p95 %9s p99 %9s  %d broken, %d refused; %.2f us of the server each, %.0f requests/s a core\n",
         label, wide, rate, p50, p95, p99, broken, refused, cpu / requests, 1e6 * requests / cpu}' <<<"$output"
}

# join_many COUNT: writes as many tokens to $folder/tokens
join_many() {
  python3 - "$port" "$1" >"$folder/tokens" <<'PYTHON'
import http.client, json, sys
link = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    link.request("POST", "/api/v1/queue/join", '{"event_id":"concert"}')
    print(json.loads(link.getresponse().read())["waiting_token"])
PYTHON
  export WAITQ_TOKENS=$folder/tokens
}

start_redis() {
  redis_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$folder" --save "" --loglevel warning >/dev/null &
  redis=$!
  processes+=("$redis")
  for _ in $(seq 100); do
    redis-cli -p "$redis_port" ping >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  return 1
}

echo "k hs256 $(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$folder/keys"
slow_policy=(--rate-per-s 0.01 --burst 1 --join-rate 0)

printf '%s, %s processors, load %s\n' "$(uname -sr)" "$(nproc)" "$(cut -d' ' -f1-3 /proc/loadavg)"

headline "Polls, against the same HTTP library answering a constant (one loop each)"
start floor "$floor" && floor_id=$started && floor_port=$port
start polled "$gateway" --listen 127.0.0.1:0 --threads 1 --max-connections 15000 "${slow_policy[@]}"
polled_id=$started polled_port=$port
join_many 500
for wide in 100 1000 "$connections"; do
  port=$floor_port && storm constant "$floor_id" "$wide" -s "$here/wrk/constant.lua"
  port=$polled_port && storm poll "$polled_id" "$wide" -s "$here/wrk/poll.lua"
done

headline "Other storms on memory: (one loop)"
port=$polled_port
storm mixture "$polled_id" 100 -s "$here/wrk/mixed.lua"
storm joins "$polled_id" 100 -s "$here/wrk/join.lua"
stop "$polled_id"
kill "$floor_id"

headline "Joins on Redis (two loops)"
start_redis
start joined "$gateway" --listen 127.0.0.1:0 --threads 2 --store "redis://127.0.0.1:$redis_port" "${slow_policy[@]}"
before=$(cpu_us "$redis")
storm joins "$started" 200 -s "$here/wrk/join.lua"
printf 'redis: %s us of CPU\n' "$(($(cpu_us "$redis") - before))"
stop "$started"

# play LABEL STORE LIMIT OPTION...: the crowd, a gateway with two loops, and a backend that survives LIMIT requests a second and tells
# the gateway how it is. A call to enter that is held keeps its connection, as it would keep the visitor's own.
play() {
  local label=$1 store=$2 limit=$3 gateway_id backend_id front back cpu status=0
  shift 3
  headline "$label: a crowd of $visitors, $join_rate joins/s, polls as they are asked to, 500 entries/s"
  start gateway "$gateway" --listen 127.0.0.1:0 --threads 2 --store "$store" --keys "$folder/keys" \
    --rate-per-s 500 --burst 50 --join-rate 0 "$@"
  gateway_id=$started front=$port
  start backend "$backend" --listen 127.0.0.1:0 --keys "$folder/keys" --event concert --rate "$limit" \
    --burst $((limit * 3 / 10)) --report "http://127.0.0.1:$front"
  backend_id=$started back=$port
  cpu=$(cpu_us "$gateway_id")
  "$crowd" --port "$front" --backend "$back" --visitors "$visitors" --join-rate "$join_rate" --connections 2000 \
    --seconds "$crowd_seconds" || status=$?
  printf 'gateway  %.2f s of CPU, %s MB resident\n' "$(awk "BEGIN {print ($(cpu_us "$gateway_id") - $cpu) / 1e6}")" \
    "$(resident_mb "$gateway_id")"
  [ "$store" = memory: ] || printf 'redis    %.2f s of CPU, %s MB resident\n' \
    "$(awk "BEGIN {print $(cpu_us "$redis") / 1e6}")" "$(resident_mb "$redis")"
  printf 'backend  '
  python3 -c 'import sys, urllib.request as u; print(u.urlopen(f"http://127.0.0.1:{sys.argv[1]}/stats").read().decode())' "$back"
  stop "$gateway_id"
  stop "$backend_id"
  return "$status"
}

export WAITQ_REPORT_TOKEN=token-of-this-load-test
play "On memory" memory: 500 || echo "the crowd met errors"
kill "$redis"
wait "$redis" || true
start_redis
play "On Redis" "redis://127.0.0.1:$redis_port" 500 || echo "the crowd met errors"

# The crowd of the aim: about 30,000 requests a second, which leaves the processors some time.
all_visitors=$visitors all_joins=$join_rate
visitors=$((visitors * 17 / 30)) join_rate=$((join_rate * 17 / 30))
play "On memory, at the aim" memory: 500 || echo "the crowd met errors"
kill "$redis"
wait "$redis" || true
start_redis
play "On Redis, at the aim" "redis://127.0.0.1:$redis_port" 500 || echo "the crowd met errors"

# What it sheds here is what this is about: the crowd counts it as errors.
visitors=$((all_visitors / 5)) join_rate=$((all_joins / 5))
play "A backend that survives 300, and a rate that stays" memory: 300 || true
play "A backend that survives 300, and a rate that follows it" memory: 300 --adapt-max-rate-per-s 1000 || true
visitors=$all_visitors join_rate=$all_joins

headline "Memory: $visitors waiting, $connections connections"
start memory "$gateway" --listen 127.0.0.1:0 --threads 2 --max-connections 15000 "${slow_policy[@]}"
empty=$(resident_mb "$started")
"$crowd" --port "$port" --visitors "$visitors" --join-rate 1000000 --connections "$connections" --seconds "$((crowd_seconds / 3 + 1))" |
  tail -n 1
printf 'resident: %s MB empty, %s MB then; ' "$empty" "$(resident_mb "$started")"
python3 - "$port" <<'PYTHON'
import sys, urllib.request
text = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics").read().decode()
value = next(float(line.split()[1]) for line in text.splitlines() if line.startswith("waitq_room_memory_bytes"))
print(f"of this the library holds {value / 1048576:.1f} MB for the room")
PYTHON
stop "$started"

headline "Polls while others misbehave"
start abused "$gateway" --listen 127.0.0.1:0 --threads 1 --request-timeout 3 "${slow_policy[@]}"
abused_id=$started
join_many 100
for kind in slow malformed; do
  python3 "$here/abuse.py" "$kind" "$port" "$((seconds + 1))" 200 &
  abuser=$!
  processes+=("$abuser")
  sleep 0.5
  storm "poll, $kind" "$abused_id" 100 -s "$here/wrk/poll.lua"
  wait "$abuser"
done
stop "$abused_id"
