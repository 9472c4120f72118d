#!/bin/bash
# Checks the model of a session's life (session.pml), and that each mutant of it fails; needs spin and gcc.
#
# Two searches run at a time. A search counts only when it was complete; a mutant, only when a property of ours failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# search NAME holds|fails "DEFINITIONS": states explored and seconds, or why that is no answer.
search() {
    local name=$1 wanted=$2 definitions=$3 compile="-DSAFETY" run="-E" begin=$SECONDS
    case $definitions in *LIVENESS*) compile="-DNFAIR=3" run="-a -f" ;; esac
    mkdir "$work/$name"
    cd "$work/$name"
    # Definitions and flags are lists of words.
    # shellcheck disable=SC2086
    spin -a $definitions "$here/session.pml" > spin.log || { cat spin.log; return 1; }
    # shellcheck disable=SC2086
    gcc -O2 -w -DHC4 -DMEMLIM=12000 $compile -o pan pan.c
    # shellcheck disable=SC2086
    ./pan $run -m200000 -n > pan.log || true
    local outcome="has no answer"
    if grep -q 'errors: 0' pan.log && ! grep -qE 'not completed|too small|out of memory|memory limit' pan.log; then
        outcome=holds
    elif grep -qE '^pan:[0-9]+: (assertion violated|acceptance cycle)' pan.log; then
        outcome=fails
    fi
    printf '%-34s %-6s %10s states %4d s\n' "$name" "$outcome" \
        "$(sed -n 's/^ *\([0-9][0-9]*\) states, stored.*/\1/p' pan.log | head -n 1)" $((SECONDS - begin))
    if [ "$outcome" != "$wanted" ]; then
        echo "'$name' was to be: $wanted" >&2
        grep -E '^pan:' pan.log >&2 || true
        return 1
    fi
}

two='-DSESSIONS=2' live='-DLIVENESS -DSESSIONS=1' calm='-DSERVICE_CRASHES=0 -DHELPER_CRASHES=0'
service='-DSERVICE_CRASHES=1 -DHELPER_CRASHES=0' helper='-DSERVICE_CRASHES=0 -DHELPER_CRASHES=1'
both='-DSERVICE_CRASHES=1 -DHELPER_CRASHES=1'

# The longest beside all others.
search links-both-crash holds "$two $both" & first=$!
(
    search ends-service-crash holds "$live $service"
    search ends-helper-crash holds "$live $helper"
    search links-service-crash holds "$two $service"
    search links-helper-crash holds "$two $helper"
    search mutant-free-early fails "$two $calm -DFREE_EARLY"
    search mutant-no-intent fails "$two $service -DNO_INTENT"
    search mutant-adopt-by-name fails "$two $service -DADOPT_BY_NAME"
    search mutant-serve-first fails "$two $service -DSERVE_FIRST"
    search mutant-keep-connection fails "$live $calm -DKEEP_CONNECTION"
) & second=$!
failed=0
wait "$first" || failed=1
wait "$second" || failed=1
if [ "$failed" = 1 ]; then
    echo "the model does not hold what is promised" >&2
    exit 1
fi
echo "an address is never on two links, and every close ends: the plan holds it, five mutants do not ($SECONDS s)"
