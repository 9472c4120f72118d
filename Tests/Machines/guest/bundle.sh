# shellcheck shell=bash
# bundle.sh ROOT PATTERN: runs the tests of the debug build whose names match PATTERN, one after the other, as `make
# test` does: in a network and a mount namespace of their own, with the programs of the release build. ROOT is where the
# checkout is on the host: the tests have that path in them.
root=$1 pattern=$2
mkdir -p "$root" /opt/tests
mountpoint -q "$root" || mount --bind /run/project "$root"
# From this disk: an exit test starts the bundle anew, a hundred times.
cmp -s "$root/.build/debug/vipnsPackageTests.xctest" /opt/tests/bundle \
    || cp "$root/.build/debug/vipnsPackageTests.xctest" /opt/tests/bundle
export VIPNS_REQUIRE_ROOT=1 VIPNS_PROGRAMS=$root/.build/release LD_LIBRARY_PATH=/opt/tests/lib
# Under another name, for /run is hidden by some tests.
mkdir -p /opt/tests/lib
mountpoint -q /opt/tests/lib || mount --bind /run/toolchain/lib/swift/linux /opt/tests/lib
# What passes is not told.
# shellcheck disable=SC2016 # The inner shell's own.
unshare -n -m -- bash -euo pipefail -c 'ip link set lo up
    /opt/tests/bundle --testing-library swift-testing --no-parallel --filter "$1" 2>&1' bash "$pattern" \
    | tee /opt/tests/log | grep -avE '^(◇ |✔ (Test ("|case |[A-Za-z]+\()|Suite)|↳)'
