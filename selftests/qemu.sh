#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# qemu.sh - the emulator the tests run in
#
# QEMU before 8.1 may go on with what it translated of code that another virtual processor has
# rewritten meanwhile. A kernel rewrites itself whenever it turns a static key on or off, by way of
# a breakpoint: it then panics by "Oops: int3", at places that no test has touched. Writing 1 and 0 to
# kernel.sched_schedstats in turn, beside processes that begin and end, on a busy host, showed it in
# 80 seconds with 7.2, and in 300 seconds with 10.0 (8.1 locks the pages of code before it translates
# them). Debian 12 has 7.2, and a newer one in its backports: that is unpacked into the cache, as the
# kernels are, and not installed. And what makes a kernel do so often is avoided: see vm-init.sh.
set -euo pipefail

usage()
{
	cat <<'END'
Usage: qemu.sh

Says in one line how to emulate: "multi" or "single" (threads for the virtual processors), and a
command that takes QEMU's arguments. If the machine's QEMU is older than 8.1, a newer one of Debian
is fetched once; where there is none to be had, virtual processors take turns in one thread.

Environment:
  CKPT_CACHE   the cache; default ~/.cache/ckpt
END
}

say() { echo "qemu: $*" >&2; }

case ${1:-} in
'') ;;
-h|--help) usage; exit ;;
*) usage >&2; exit 2 ;;
esac

here=$(cd "$(dirname "$0")" && pwd -P)
cache=${CKPT_CACHE:-$HOME/.cache/ckpt}

# recent COMMAND: it runs, and it is 8.1 or later
recent()
{
	local v

	v=$("$1" --version 2> /dev/null | sed -n 's/^QEMU emulator version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
	[ -n "$v" ] && [ $((${v% *} * 100 + ${v#* })) -ge 801 ]
}

own=$(command -v qemu-system-x86_64) || { say 'there is no qemu-system-x86_64 on the PATH'; exit 1; }
if recent "$own"; then
	echo "multi $own"
	exit
fi

mkdir -p "$cache"
newer=$(cd "$cache" && pwd -P)/qemu
exec 9> "$newer.lock"
flock 9
# Where none could be had, it is tried again after a day.
if [ ! -e "$newer/run" ] && [ -z "$(find "$newer.none" -mtime -1 2> /dev/null)" ]; then
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	rm -rf "$newer.new"
	say "fetching a newer QEMU than $own"
	# Libraries are those of the installed one.
	if "$here/kernels.sh" unpack "$suite" "$newer.new" \
		{qemu-system-x86,qemu-system-common,qemu-system-data,seabios}/"$suite"-backports; then
		cat > "$newer.new/run" <<-END
			#!/bin/sh
			exec $newer/usr/bin/qemu-system-x86_64 -L $newer/usr/share/qemu -L $newer/usr/share/seabios "\$@"
		END
		chmod +x "$newer.new/run"
		rm -rf "$newer"
		mv "$newer.new" "$newer"
	else
		rm -rf "$newer.new"
		: > "$newer.none"
	fi
fi
if [ -e "$newer/run" ] && recent "$newer/run"; then
	echo "multi $newer/run"
else
	say "$own is older than 8.1 and there is no newer one: virtual processors take turns"
	echo "single $own"
fi
