#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# debug-kernel.sh - build the kernel of "vm.sh -k debug"
#
# A kernel module has ways to be wrong which no test of its behaviour shows: a
# lock taken in the wrong order, a sleep under a spinlock, a use after free that
# reads old but right data. Debian ships no kernel with those checks, so one is
# built from Debian's source with debug.config, once: it is kept in the cache
# under the version of the source and a sum over the configuration.
set -euo pipefail

usage()
{
	cat <<'EOF'
Usage: debug-kernel.sh [--force]

Builds the debug kernel unless it is in the cache (CKPT_CACHE, ~/.cache/ckpt);
20 to 40 minutes on two cores. An interrupted build goes on where it was.
--force starts over.
EOF
}

say() { echo "debug-kernel: $*" >&2; }
die() { say "$*"; exit 1; }

here=$(cd "$(dirname "$0")" && pwd -P)
cache=${CKPT_CACHE:-$HOME/.cache/ckpt}
force=

case ${1:-} in
'') ;;
--force) force=yes ;;
-h|--help) usage; exit ;;
*) usage >&2; exit 2 ;;
esac

source=$("$here/kernels.sh" source)
cache=$(cd "$cache" && pwd -P)
package=$(cat "$source/done")
key=$(sha256sum < "$here/debug.config" | cut -c1-12)
d=$cache/kernels/debug-$package-$key
mkdir -p "$d"

exec 9> "$d/.lock"
flock -n 9 || { say "another build is under way, waiting for it"; flock 9; }
[ -z "$force" ] || find "$d" -mindepth 1 ! -name .lock -delete
if [ -e "$d/version" ]; then
	ln -sfn "${d##*/}" "$cache/kernels/debug"
	exit
fi

src=$d/src
log=$d/build.log
began=$SECONDS

if [ ! -e "$src/.unpacked" ]; then
	say "unpacking Linux $package"
	rm -rf "$src"
	mkdir "$src"
	tar -C "$src" --strip-components=1 -xJf "$source/linux-source-6.1.tar.xz"
	touch "$src/.unpacked"
fi

cd "$src"
make -s KCONFIG_ALLCONFIG="$here/debug.config" allnoconfig > "$log" 2>&1 || { tail "$log" >&2; exit 1; }
# An option whose dependencies are not met is dropped without a word.
while read -r line; do
	grep -qxF "$line" .config || die "$line does not survive: its dependencies are not set"
done < <(grep '^CONFIG_' "$here/debug.config")

say "building Linux $package; the log is $log"
# Someone is working on this machine.
if ! nice -n 19 make -j"$(nproc)" bzImage modules >> "$log" 2>&1; then
	grep -nE 'error|Error' "$log" | tail >&2
	die "the build failed; see $log"
fi

release=$(make -s kernelrelease)
ln -sfn src "$d/headers"
ln -sf src/.config "$d/config"
ln -sf src/arch/x86/boot/bzImage "$d/vmlinuz"
# No vmlinux for vm.sh to start directly: what runs first there is checked by
# KASAN too, before KASAN has its shadow memory, and faults.
# What a module build needs stays, the objects go.
find . -name '*.o' ! -path './scripts/*' ! -path './tools/*' -delete
mkdir -p "$d/modules"
echo "$package" > "$d/package"
echo host > "$d/suite"
gcc -dumpfullversion > "$d/gcc"
echo "$release" > "$d/version"
ln -sfn "${d##*/}" "$cache/kernels/debug"
say "done after $(((SECONDS - began) / 60)) minutes"
