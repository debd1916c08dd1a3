#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo-guest.sh - the session that demo.sh shows, in the virtual machine
#
# What follows a "$" is run as it stands there, and its output is its own.
set -u

bold='' normal=''
[ -z "${CKPT_DEMO_COLOUR:-}" ] || bold=$'\e[1m' normal=$'\e[m'

# As typed by someone who is in no hurry.
run()
{
	sleep 0.4
	printf '%s$ %s%s\n' "$bold" "$*" "$normal"
	eval "$*"
}

cd /tmp || exit 1
cat > count.py <<'END'
import os, time

for n in range(1, 8):
    print("process", os.getpid(), "counts:", n, flush=True)
    time.sleep(1.5)
END

run uname -r
run cat count.py
run 'python3 count.py &'
pid=$!
# A shell that runs a script would report the death below in its own way.
disown
# Python takes its time to start. Then until shortly after the "3", so that nothing is counted
# between checkpoint and death.
while ! grep -q hrtimer_nanosleep "/proc/$pid/wchan" 2> /dev/null; do sleep 0.05; done
sleep 2.7
run ckpt -v "$pid" '> count.img' || exit
run kill -9 "$pid" || exit
run ls -sh count.img
run ps "$pid"
[ ! -e "/proc/$pid" ] || exit 1
run rstr '< count.img' || exit
sleep 0.4
echo
echo "It went on where it was, as the process it was."
