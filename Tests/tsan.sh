#!/bin/bash
# tsan.sh SCRATCH: runs the tests that were built there with ThreadSanitizer, and says how many of them and of the
# programs that they started had a race. Left out: what reads the release build, what only measures a time, and what takes
# no sanitizer, which are the PAM module and programs under faketime(1).
set -euo pipefail
cd "$(dirname "$0")/.."
reports=$PWD/$1/reports
rm -rf "$reports"
mkdir -m 0777 "$reports"
# The rest stands in the programs: Sources/CLinux/thread_sanitizer.c.
export TSAN_OPTIONS="log_path=$reports/race"
export VIPNS_REQUIRE_ROOT=1 VIPNS_SANITIZER=thread
status=0
unshare -n -m -- /bin/bash -euo pipefail -c "ip link set lo up; swift test --scratch-path '$1' --sanitize=thread \
    --skip-build --disable-xctest --experimental-maximum-parallelization-width 2 \
    --skip LinkageTests --skip PAMTests --skip 'EndToEnd/Login' --skip LoginLabTests \
    --skip 'nothing but mistakes' --skip ClockTests ${*:2}" || status=$?
races=$(find "$reports" -type f -exec grep -l 'WARNING: ThreadSanitizer: ' {} + | wc -l)
echo "ThreadSanitizer: $races programs with a report (see $1/reports)"
[ "$status" = 0 ] && [ "$races" = 0 ]
