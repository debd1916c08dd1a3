#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tree.sh - root trees of Debian releases, for the user space of the test machine
#
# A kernel of one release and programs of another are not what users have: a newer C library uses
# of a newer kernel what an older one does not know. "vm.sh -r trixie" runs a tree made here in
# place of the host's own files. It holds what the tests call, installed as Debian does it, and
# nothing of ckpt: that comes from the host, whose C library must not be newer.
set -euo pipefail

# What check.sh runs there. Libraries are those that the tools and test programs are linked with.
packages=(
	bash bc bsdutils busybox-static e2fsprogs gawk gcc gdb gzip kmod less mawk mount openssl perl
	procps python3 python3-pyte qemu-system-x86 sqlite3 tar util-linux valgrind vim xz-utils zstd
	libisal2 libjansson4 libprotobuf-c1 libssl3t64 libxxhash0
)

usage()
{
	cat <<END
Usage: tree.sh [--force] SUITE

Says where the root tree of the Debian release SUITE (trixie) is. Makes it first if there is none,
or if it has other packages than these: as root, in a minute or two, 700 MiB. --force makes it anew.
  $(echo "${packages[*]}" | fold -s -w 90 | sed '2,$s/^/  /')

Environment:
  CKPT_CACHE   the cache; default ~/.cache/ckpt
END
}

say() { echo "tree: $*" >&2; }
die() { say "$*"; exit 1; }

here=$(cd "$(dirname "$0")" && pwd -P)
cache=${CKPT_CACHE:-$HOME/.cache/ckpt}
force=
suite=
while [ $# -gt 0 ]; do
	case $1 in
	--force) force=yes ;;
	-h|--help) usage; exit ;;
	-*) usage >&2; exit 2 ;;
	*) [ -z "$suite" ] || { usage >&2; exit 2; }; suite=$1 ;;
	esac
	shift
done
case $suite in ''|*[!a-z]*) usage >&2; exit 2 ;; esac

mkdir -p "$cache/trees"
cache=$(cd "$cache" && pwd -P)
tree=$cache/trees/$suite
exec 9> "$tree.lock"
flock 9

if [ -n "$force" ] || [ "$(cat "$tree.packages" 2> /dev/null)" != "${packages[*]}" ]; then
	[ "$(id -u)" = 0 ] || die "making the tree of $suite takes root"
	command -v mmdebstrap > /dev/null || die "mmdebstrap is missing; run: selftests/setup.sh tree"
	sources=$("$here/kernels.sh" sources "$suite")
	say "making a tree of $suite"
	rm -rf "$tree" "$tree.packages" "$tree.new"
	# Nobody reads there, and all messages are to be those of the C locale.
	if ! mmdebstrap --mode=root --variant=essential --include="$(IFS=,; echo "${packages[*]}")" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --aptopt='Acquire::Languages "none"' \
		"$suite" "$tree.new" "$sources" > "$tree.log" 2>&1 < /dev/null; then
		cat "$tree.log" >&2
		die "making the tree of $suite failed"
	fi
	mv "$tree.new" "$tree"
	echo "${packages[*]}" > "$tree.packages"
fi
echo "$tree"
