#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# faults.sh - hostile input, races and faults of the tools, in the virtual machine; prints KTAP
#
# CKPT_QUICK: samples of it; CKPT_EVERY: all changes of all fields. One part alone:
# build/selftests/hostile/PROGRAM [TEST...] (or race/), selftests/race/tool_faults [TEST...]
# (or meddling), selftests/scale/run [KIND...].
cd "$(dirname "$0")/.." || exit 1
built=${CKPT_BUILD:-build}/selftests
status=0
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT

# Images beside races: there are two processors, and both are better with company.
{
	"$built/hostile/image_test"
	a=$?
	"$built/hostile/image_bytes_test" || a=1
	"$built/hostile/image_pages_test" || a=1
	"$built/hostile/image_rights_test" || a=1
	"$built/hostile/image_opener_test" || a=1
	"$built/hostile/image_schema_test" || a=1
	"$built/hostile/inherit_test" || a=1
	"$built/hostile/image_fields_test" && [ $a = 0 ]
} > "$out" 2>&1 &
"$built/hostile/ioctl_test" || status=1
"$built/race/hold_test" || status=1
"$built/race/wait_test" || status=1
"$built/race/race_test" || status=1
"$built/race/outside_test" || status=1
wait $! || status=1
cat "$out"

selftests/race/silent_server || status=1
selftests/race/meddling || status=1
selftests/scale/run || status=1

# Alone: it counts what is left, and takes the module away.
selftests/race/tool_faults || status=1
exit $status
