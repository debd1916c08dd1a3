#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo-guest.sh - the session that demo.sh shows, in the virtual machine
#
# What follows a "$" is run as it stands there, and its output is its own.
set -u

bold='' normal=''
[ -z "${CKPT_DEMO_COLOUR:-}" ] || bold=$'\e[1m' normal=$'\e[m'

# As typed by someone who is in no hurry, but where the program counts.
hurry=
run()
{
	[ -n "$hurry" ] || sleep 0.4
	printf '%s$ %s%s\n' "$bold" "$*" "$normal"
	eval "$*"
}

cd /tmp || exit 1
cat > count.py <<'END'
import os, time

for n in range(1, 7):
    print("process", os.getpid(), "counts:", n, flush=True)
    time.sleep(2)
END

run uname -r
run cat count.py
run 'python3 count.py &'
pid=$!
# A shell that runs a script would report the death below in its own way.
disown
# Until shortly after the third line, so that nothing is counted between checkpoint and death.
lines=0
while [ "$lines" -lt 3 ]; do
	sleep 0.05
	while read -r key value; do
		[ "$key" != syscw: ] || lines=$value
	done < "/proc/$pid/io" || exit
done
hurry=yes
run ckpt -v -o count.img "$pid" || exit
run kill -9 "$pid" || exit
hurry=
run ls -sh count.img
run ps "$pid"
[ ! -e "/proc/$pid" ] || exit 1
run rstr -i count.img || exit
sleep 0.4
echo
echo "It went on where it was, as the process it was."
