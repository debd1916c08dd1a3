#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# setup.sh - install what building and testing needs on a bare Debian machine
#
# "make demo" and "make check" begin here, so it has to ask nothing and to take
# no time at all when there is nothing to do. Kernels are no part of it: they
# are never installed (see kernels.sh).
set -euo pipefail

usage()
{
	cat <<'EOF'
Usage: setup.sh [--quick] [--dry-run] [WHAT...]

Installs the Debian packages that are missing; as root. WHAT is any of
  module   build the module
  tools    build the commands
  vm       run the virtual machine
  tree     user space of another Debian release for the virtual machine (tree.sh)
  check    run the whole test suite: fuzzers, programs to checkpoint, linters
  debug    build the debug kernel
  real     programs and compilers for "make check-real" that are large
Default: all but real; with --quick: module, tools and vm. --dry-run only says what is missing.
EOF
}

say() { echo "setup: $*" >&2; }

packages()
{
	case $1 in
	module) echo gcc make libc6-dev kmod pahole sparse xz-utils zstd util-linux ;;
	tools) echo gcc make libc6-dev pkg-config protobuf-compiler protobuf-c-compiler \
		libprotobuf-c-dev libjansson-dev libssl-dev libisal-dev libxxhash-dev ;;
	vm) echo qemu-system-x86 busybox-static cpio kmod xz-utils zstd util-linux \
		ca-certificates debian-archive-keyring python3 procps ;;
	tree) echo mmdebstrap ;;
	check) echo git perl python3 python3-protobuf protobuf-compiler protobuf-c-compiler \
		libprotobuf-c-dev libssl-dev sqlite3 gcc g++ libc6-dev xz-utils zstd gzip strace \
		gdb clang libclang-rt-dev shellcheck mandoc jq bsdutils bsdextrautils \
		coreutils diffutils mawk gawk bc openssl vim less valgrind busybox-static \
		python3-pyte gcc-aarch64-linux-gnu ;;
	real) echo default-jdk-headless nodejs golang-go rustc python3-numpy ffmpeg ruby lua5.4 \
		php-cli r-base-core ocaml-nox sbcl guile-3.0 dc m4 ;;
	debug) echo gcc make libc6-dev bc bison flex cpio rsync libelf-dev libssl-dev perl \
		python3 xz-utils kmod pahole binutils ;;
	*) usage >&2; exit 2 ;;
	esac
}

dry=
quick=
while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=yes ;;
	--dry-run) dry=yes ;;
	-h|--help) usage; exit ;;
	-*) usage >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
if [ $# -eq 0 ]; then
	set -- module tools vm
	[ -n "$quick" ] || set -- "$@" tree check debug
fi

wanted=$(for what; do packages "$what"; done | tr ' ' '\n' | sort -u)
have=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^.i //p')
missing=$(comm -23 <(echo "$wanted") <(echo "$have" | sort -u) | tr '\n' ' ')

# The keyring of a first Debian 12 does not know Debian 13, where the newest
# kernels come from.
keyring=/usr/share/keyrings/debian-archive-trixie-automatic.gpg
if [[ " $* " == *" vm "* ]] && [ ! -e $keyring ] && [[ " $missing" != *" debian-archive-keyring "* ]]; then
	missing="${missing}debian-archive-keyring "
fi

[ -n "$missing" ] || exit 0
say "missing: $missing"
[ -z "$dry" ] || exit 1
if [ "$(id -u)" != 0 ]; then
	say "run this as root: apt-get install $missing"
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Old lists name packages the mirror no longer has; empty ones, none.
say "installing..."
# shellcheck disable=SC2086 # one word per package
if ! { apt-get -qq -o DPkg::Lock::Timeout=300 update &&
       apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confold install $missing; } > "$log" 2>&1 < /dev/null; then
	cat "$log" >&2
	say "installation failed"
	exit 1
fi
say "done"
