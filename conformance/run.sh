#!/usr/bin/env bash
# Serve the users of fixtures.json with BINARY and replay the recorded logins against it with run.py.
#
#     conformance/run.sh BINARY
#
# Needs bash and Python 3.11, named by $PYTHON if it is not python3, with the packages of requirements.txt. Exit status 0
# when all mandatory cases pass, PyJWT reads our tokens, and the server ends well.
set -euo pipefail

(($# == 1)) || { echo "usage: conformance/run.sh BINARY" >&2; exit 2; }
binary=$(realpath -- "$1")
python=${PYTHON:-python3}
"$python" -c 'import jwt' 2>/dev/null || { echo "run.sh: $python has no PyJWT: pip install -r conformance/requirements.txt" >&2; exit 2; }
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
dir=$(mktemp -d)
pid=

cleanup() {
    if [[ -n $pid ]] && kill -TERM "$pid" 2>/dev/null; then
        wait "$pid" || true
    fi
    rm -rf -- "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The program sees these variables and no others: settings of the caller must not change the result.
program() {
    exec env -i PATH="$PATH" HOME="$dir" TOKENPAIR_DATABASE="sqlite:$dir/t.db" "$@"
}

key=$("$python" -c 'import json, sys; print(json.load(sys.stdin)["signing_key"])' <"$here/fixtures.json")
"$python" "$here/dumpdata.py" <"$here/fixtures.json" >"$dir/users.json"
(program "$binary" importdjango "$dir/users.json")

: >"$dir/stdout" # there before the first look into it
program TOKENPAIR_LISTEN=127.0.0.1:0 TOKENPAIR_COMPAT=simplejwt TOKENPAIR_SIGNING_KEY="$key" \
    "$binary" serve >"$dir/stdout" 2>"$dir/stderr" &
pid=$!

base=
for ((i = 0; i < 300; i++)); do
    base=$(sed -n 's|.*\(http://127\.0\.0\.1:[0-9][0-9]*\).*|\1|p;/http:\/\/127\.0\.0\.1:/q' "$dir/stdout")
    [[ -z $base ]] || break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done
if [[ -z $base ]]; then
    echo "run.sh: the server names no address" >&2
    cat "$dir/stdout" "$dir/stderr" >&2
    exit 1
fi

status=0
"$python" "$here/run.py" --base "$base" --cases "$here/public_cases.json" --signing-key "$key" \
    --profile default --tier mandatory --only '^(login|route)\.' || status=$?
"$python" "$here/pyjwt.py" "$base" || status=$?

server=0
kill -TERM "$pid"
wait "$pid" || server=$?
pid=
if ((server != 0)); then
    echo "run.sh: the server ended with status $server" >&2
    tail -n 20 "$dir/stderr" >&2
    ((status != 0)) || status=1
fi
exit "$status"
