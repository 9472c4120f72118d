#!/bin/bash
# run.sh SECONDS FUZZER…: fuzzes each for so long, beginning with its corpus, and says how far it came.
#
# The corpora lie beside this script as Corpus/FUZZER.tar.xz, because thousands of small files belong into no repository.
# With KEEP_CORPUS=1 what was found is merged into the smallest corpus that reaches as much, and packed again.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=$1
shift
scratch=.build-fuzz

failed=0
for fuzzer in "$@"; do
    corpus=$scratch/corpus/$fuzzer
    log=$scratch/$fuzzer.log
    mkdir -p "$corpus"
    if [ -e "Tests/Fuzz/Corpus/$fuzzer.tar.xz" ]; then tar -xJf "Tests/Fuzz/Corpus/$fuzzer.tar.xz" -C "$corpus"; fi
    # Optimised: checks of bounds and overflow stay, and it runs many times as often. Testable: some readers are internal.
    swift build -c release --package-path Tests/Fuzz --scratch-path "$scratch" --product "$fuzzer" \
        -Xswiftc -enable-testing -Xswiftc -sanitize=fuzzer --sanitize=address -Xswiftc -use-ld=lld > "$log" 2>&1 \
        || { cat "$log"; exit 1; }
    export VIPNS_FUZZ_SEEDS=$corpus SWIFT_BACKTRACE=enable=no
    program=$scratch/release/$fuzzer
    "$program" "$corpus" -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 -print_funcs=0 \
        -artifact_prefix="$scratch/$fuzzer-" > "$log" 2>&1 || failed=1
    # "#1234 DONE cov: 700 ft: 3000 corp: 120/9Kb …"; "Loaded 1 modules (52000 inline 8-bit counters)".
    printf '%-18s %9s executions, %6s a second, %s of %s edges, %s inputs in the corpus%s\n' "$fuzzer" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
        "$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")" \
        "$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)" \
        "$(sed -n 's/.*Loaded [0-9]* modules *(\([0-9]*\) inline.*/\1/p' "$log" | head -n 1)" \
        "$(sed -n 's/.* corp: \([0-9]*\).*/\1/p' "$log" | tail -n 1)" \
        "$(grep -q '^SUMMARY' "$log" && echo "; FOUND: $(grep -m 1 '^SUMMARY' "$log")")"
    if [ "${KEEP_CORPUS:-}" = 1 ]; then
        rm -rf "$corpus.least"
        mkdir "$corpus.least"
        "$program" -merge=1 -max_len=4096 "$corpus.least" "$corpus" > "$log.merge" 2>&1
        mkdir -p Tests/Fuzz/Corpus
        # The same files make the same archive.
        tar -C "$corpus.least" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cJf \
            "Tests/Fuzz/Corpus/$fuzzer.tar.xz" .
    fi
done
if [ "$failed" = 1 ]; then
    echo "findings: the inputs are $scratch/FUZZER-crash-*, the reports $scratch/FUZZER.log" >&2
    exit 1
fi
