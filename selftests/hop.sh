#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# hop.sh - checkpoint on one machine, restart on another, with the files carried over
#
# Two virtual machines, one after the other, and what is in hop.py.
set -u

usage()
{
	cat <<'END'
Usage: hop.sh [OPTION...] FROM TO [TEST...]

Checkpoints subjects (TEST as for run.py; default: some of several kinds) and a plain program in a
machine with the kernel FROM, and restarts them in another one with the kernel TO: 6.1, 6.12, 7...
Between two boots of the same kernel they must go on; between different ones the restart is refused,
by name. Output is TAP; exit status 1 if that is not so.

  -o OPTIONS   more options of vm.sh for both machines, such as "-m 1G"
  -O OPTIONS   more options of vm.sh for the second machine, such as "-c 1"
END
}

both=() second=()
while getopts :o:O:h o; do
	case $o in
	o) read -ra both <<< "$OPTARG" ;;
	O) read -ra second <<< "$OPTARG" ;;
	h) usage; exit ;;
	*) usage >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || { usage >&2; exit 2; }
from=$1 to=$2
shift 2

here=$(cd "$(dirname "$0")" && pwd -P)
dir=$(mktemp -d "${TMPDIR:-/tmp}/ckpt-hop.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

machine() { "$here/vm.sh" -t 300 -w "$dir" "${both[@]}" "$@"; }

machine -k "$from" -- "$here/hop.py" save "$@" || exit 1
# "7" is 7.3, for example. Both kernels have been fetched by now, or the second one is by this.
"$here/kernels.sh" path "$to" > /dev/null 2>&1 || "$here/kernels.sh" fetch "$to" || exit 1
refused=()
[ "$("$here/kernels.sh" path "$from")" = "$("$here/kernels.sh" path "$to")" ] || refused=(--refused kernel)
machine -k "$to" "${second[@]}" -- "$here/hop.py" load "${refused[@]}"
