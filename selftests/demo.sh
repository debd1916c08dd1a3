#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh - see it work: "make demo"
#
# On a bare Debian machine: installs what is missing, gets a stock kernel, builds, and shows a
# short session in a virtual machine (demo-guest.sh). The machine it runs on keeps its kernel, and
# loads nothing.
set -u

case ${1-} in
'') ;;
-h|--help) echo 'Usage: demo.sh'; exit ;;
*) echo 'Usage: demo.sh' >&2; exit 2 ;;
esac

cd "$(dirname "$0")/.." || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR prefix CKPT_VERSION
export LC_ALL=C.UTF-8 PATH=$PATH:/usr/sbin:/sbin
: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME

# As vm.sh, which the last line below speaks of.
k=${CKPT_KERNEL:-7}

bold='' dim='''' normal='' erase=''
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' normal=$'\e[m' erase=$'\r\e[K'
	export CKPT_DEMO_COLOUR=yes
fi
log=$(mktemp "${TMPDIR:-/tmp}/ckpt-demo.XXXXXX")
trap 'rm -f "$log" "$log.tools"' EXIT
trap 'echo; exit 130' INT TERM HUP

# prepare WHAT, COMMAND...: one line, and if it fails all that the command said
prepare()
{
	local what=$1 began=$SECONDS took

	shift
	[ -z "$erase" ] || printf '  %-48s %s...%s' "$what" "$dim" "$normal"
	if ! "$@" > "$log" 2>&1 < /dev/null; then
		printf '%s  %-48s failed\n\n' "$erase" "$what"
		cat "$log"
		exit 1
	fi
	took=$((SECONDS - began))
	printf '%s  %-48s %s%s%s\n' "$erase" "$what" "$dim" "$([ $took = 0 ] && echo ready || echo "$took s")" "$normal"
}

tools_built()
{
	wait "$tools" || {
		cat "$log.tools"
		return 1
	}
}

printf '\n%sA program is checkpointed, killed and restarted, by the kernel, in a virtual machine.%s\n\n' "$bold" "$normal"

# Of packages one wants to know the names.
missing=$(selftests/setup.sh --dry-run module tools vm 2>&1 | sed -n 's/^setup: missing: //p')
if [ -n "$missing" ]; then
	echo '  Debian packages to install:'
	echo "$missing" | fold -s -w 72 | sed 's/^/    /'
fi
prepare "${missing:+installing }Debian packages" selftests/setup.sh module tools vm
# Beside the network.
make --no-print-directory tools > "$log.tools" 2>&1 < /dev/null &
tools=$!
prepare "Linux $k from Debian, not installed" selftests/kernels.sh fetch "$k"
prepare "the module, for $(cat "$(selftests/kernels.sh path "$k")/version")" selftests/kernels.sh build "$k"
prepare 'the tools: ckpt, rstr, ckptinfo' tools_built
echo "  a virtual machine, without hardware help"
echo

# A terminal in the machine, because that is what a program has when it is started by hand.
selftests/vm.sh -k "$k" -m 1G -t 120 -- script -qefc selftests/demo-guest.sh /dev/null < /dev/null |
	sed -u 's/\r$//'
status=${PIPESTATUS[0]}
echo
if [ "$status" != 0 ]; then
	echo "This did not go as it should (status $status)."
	exit 1
fi
cat <<END
${dim}The kernel was Debian's own, nothing in it is patched; ${SECONDS} seconds in all.
selftests/vm.sh opens a shell in that machine, to try a program of your own.${normal}
END
