#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernels.sh - the kernels the tests run on, and building the module for each
#
# The module must work on Debian's kernels exactly as users have them, so they
# are taken from Debian's own packages. They are never installed: packages are
# unpacked into a cache, through an apt state of its own, because a test must
# not change which kernel the machine boots or where its packages come from.
#
# Headers bring build tools (linux-kbuild) linked against the C library of the
# release they were made for. Where the machine runs another release, the build
# happens in a tree which holds just that release's toolchain, with the source
# at its usual path, so that messages name files as the editor knows them.
set -euo pipefail

usage()
{
	cat <<'EOF'
Usage: kernels.sh fetch [K...]         get kernels (default: 6.1 6.12 7)
       kernels.sh list                 kernels in the cache: name, release, package version
       kernels.sh name K               the canonical name of K (7 -> 7.3), as in build/K
       kernels.sh path K               directory with vmlinuz, vmlinux, modules/, version, headers/
       kernels.sh build K [ARG...]     build the module; ARGs go to make (W=1 C=2 ...)
       kernels.sh compile K [ARG...]   compile all but arch/x86 with headers of arm64, as a check
       kernels.sh run K COMMAND...     run COMMAND with the toolchain of K
       kernels.sh source               directory with pieces of the source of 6.1
                                       (kselftest headers, checkpatch) and all of it,
                                       packed; "done" holds the package version
       kernels.sh sources SUITE        file with apt's sources of that release
       kernels.sh unpack SUITE DIR PACKAGE...
                                       unpack Debian packages into DIR

K is 6.1, 6.12, 7 (the newest 7.x there is), a full X.Y, or debug (see debug-kernel.sh).

Environment:
  CKPT_CACHE   the cache; default ~/.cache/ckpt
  CKPT_SRC     tree to build; default: the one this script is in
  CKPT_BUILD   where build/K goes; default: $CKPT_SRC/build
  CKPT_MIRROR  Debian mirror; default: as in the system's apt sources
EOF
}

say() { echo "kernels: $*" >&2; }
die() { say "$*"; exit 1; }

here=$(cd "$(dirname "$0")" && pwd -P)
src=$(cd "${CKPT_SRC:-$here/..}" && pwd -P)
cache=${CKPT_CACHE:-$HOME/.cache/ckpt}
mkdir -p "$cache/kernels" "$cache/apt" "$cache/toolchain"
cache=$(cd "$cache" && pwd -P)
arch=amd64
day=86400

host_suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)

# Which release a kernel comes from. The older release carries 6.12 too, built
# with its own compiler, which spares most machines the second toolchain.
suite_of()
{
	case $1 in
	6.1|6.12) echo bookworm ;;
	*) echo trixie ;;
	esac
}

# ---- the private apt ------------------------------------------------------

# The first mirror in the system's sources whose address ends in $1, so that a
# local mirror or a proxy setup keeps working.
mirror()
{
	local uri=

	if [ -n "${CKPT_MIRROR:-}" ] && [ "$1" = debian ]; then
		echo "$CKPT_MIRROR"
		return
	fi
	# shellcheck disable=SC2016 # apt expands it
	uri=$(apt-get indextargets --no-release-info --format '$(REPO_URI)' 2>/dev/null |
		sed 's,/*$,,' | grep -m1 "/$1\$" || true)
	echo "${uri:-http://deb.debian.org/$1}"
}

# A SUITE may be followed by "-arm64": the packages of another architecture.
apt_conf() # SUITE
{
	local d=$cache/apt/$1 suite=${1%-arm64} by deb sec arch=$arch

	[ "$suite" = "$1" ] || arch=arm64

	echo "$d/apt.conf"
	[ ! -e "$d/apt.conf" ] || return 0
	mkdir -p "$d/lists/partial" "$d/archives/partial"
	: > "$d/status"
	by='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
	deb=$(mirror debian)
	sec=$(mirror debian-security)
	cat > "$d/sources.list" <<-EOF
		deb $by $deb $suite main
		deb $by $deb $suite-backports main
		deb $by $sec $suite-security main
	EOF
	# The hooks of the system's own configuration (clean the package cache,
	# refresh software catalogues) are about the system, not about this.
	cat > "$d/apt.conf.new" <<-EOF
		Dir::State "$d";
		Dir::State::lists "$d/lists";
		Dir::State::status "$d/status";
		Dir::Cache "$d";
		Dir::Cache::archives "$d/archives";
		Dir::Cache::pkgcache "$d/pkgcache.bin";
		Dir::Cache::srcpkgcache "$d/srcpkgcache.bin";
		Dir::Etc::sourcelist "$d/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Default-Release "";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
		Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
		Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
		Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
		Acquire::Retries "3";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear DPkg::Post-Invoke;
		#clear DPkg::Pre-Install-Pkgs;
	EOF
	mv "$d/apt.conf.new" "$d/apt.conf"
}

apt() # SUITE TOOL ARG...
{
	local conf tool=$2

	conf=$(apt_conf "$1")
	shift 2
	"apt-$tool" -c "$conf" "$@"
}

# Package lists are good for a day. Offline, what is there has to do.
update() # SUITE
{
	local stamp=$cache/apt/$1/updated log=$cache/apt/$1/update.log

	! fresh "$stamp" || return 0
	apt_conf "$1" >/dev/null
	say "reading the package lists of $1"
	if apt "$1" get -qq update >"$log" 2>&1 && ! grep -q '^[WE]:' "$log"; then
		touch "$stamp"
	elif [ -e "$stamp" ]; then
		say "cannot refresh the package lists of $1, using those of $(date -r "$stamp" +%F)"
	else
		cat "$log" >&2
		die "cannot read the package lists of $1"
	fi
}

fresh() # FILE
{
	[ -e "$1" ] && [ $(($(date +%s) - $(date -r "$1" +%s))) -lt $day ]
}

unpack() # SUITE DIR PACKAGE...
{
	local suite=$1 dir=$2 tmp deb

	shift 2
	mkdir -p "$dir"
	tmp=$(mktemp -d "$cache/apt/$suite/get.XXXXXX")
	(cd "$tmp" && apt "$suite" get -qq download "$@" >&2)
	for deb in "$tmp"/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$tmp"
}

depends() # SUITE PACKAGE
{
	apt "$1" cache show --no-all-versions "$2" 2>/dev/null | sed -n 's/^Depends: //p' |
		tr '|' ',' | tr ',' '\n' | sed 's/^ *//; s/[ (].*//'
}

# ---- kernels ----------------------------------------------------------------

# 7 and 7.x stand for whatever 7.N the release has now.
canonical() # K
{
	local k=$1

	case $k in
	7|7.x)
		k=$(readlink "$cache/kernels/7" || true)
		[ -n "$k" ] || die "kernel $1 is not in the cache; run: kernels.sh fetch $1"
		;;
	esac
	echo "$k"
}

dir_of() # K
{
	local k

	k=$(canonical "$1") || exit 1
	if [ ! -e "$cache/kernels/$k/version" ]; then
		[ "$k" = debug ] && die "no debug kernel yet; run: debug-kernel.sh"
		die "kernel $1 is not in the cache; run: kernels.sh fetch $1"
	fi
	cd "$cache/kernels/$k" && pwd -P
}

# The newest release of K with both an image and headers: the archive keeps a
# few old ones of which one or the other is already gone.
newest() # SUITE K
{
	local k=${2%.x} names v

	names=$(apt "$1" cache pkgnames linux-)
	for v in $(echo "$names" |
			grep -E "^linux-headers-${k//./\\.}\\.[0-9.]+(\\+deb[0-9.]+|-[0-9]+)?-$arch\$" |
			sed 's/^linux-headers-//' | sort -rV); do
		if grep -qx "linux-image-$v" <<< "$names"; then
			echo "$v linux-image-$v"
			return
		elif grep -qx "linux-image-$v-unsigned" <<< "$names"; then
			echo "$v linux-image-$v-unsigned"
			return
		fi
	done
	die "the package lists of $1 have no kernel $2"
}

fetch_one() # K
{
	local suite v image d new root kbuild k gcc

	suite=$(suite_of "$1")
	read -r v image < <(newest "$suite" "$1") || exit 1
	k=$(echo "$v" | cut -d. -f1,2 | sed 's/[-+].*//')
	gcc=$(depends "$suite" "linux-headers-$v" | grep -oE 'gcc-[0-9]+' | head -n1)
	d=$cache/kernels/$v
	if [ ! -e "$d/version" ]; then
		say "fetching $v"
		new=$d.new
		root=$new/root
		rm -rf "$new" "$d"
		mkdir -p "$root/lib"
		kbuild=$(depends "$suite" "linux-headers-$v" | grep '^linux-kbuild-')
		# shellcheck disable=SC2046 # one word per package
		unpack "$suite" "$root" "$image" "linux-headers-$v" \
			"linux-headers-${v%-"$arch"}-common" "$kbuild" \
			$(depends "$suite" "$image" | grep -x "linux-\(binary\|modules\|base\)-$v" || true)
		settle "$new" "$d" "$v"
		apt "$suite" cache policy "$image" | sed -n 's/^ *Candidate: //p' > "$new/package"
		echo "$suite" > "$new/suite"
		echo "$gcc" > "$new/gcc"
		echo "$v" > "$new/version"
		mv "$new" "$d"
	fi
	ln -sfn "$v" "$cache/kernels/$k"
	case $k in 7.*) ln -sfn "$k" "$cache/kernels/7" ;; esac
	touch "$cache/kernels/.checked-$1" "$cache/kernels/.checked-$k"
	need_toolchain "$suite" "$gcc"
}

# Give an unpacked kernel the same shape whatever release packed it, and make
# its headers usable where they lie.
settle() # DIR FINAL-DIR VERSION
{
	local root=$1/root v=$3 m f

	m=lib/modules/$v
	if [ -d "$root/usr/$m/kernel" ]; then
		# Merged /usr: one tree for depmod, which looks in lib/modules.
		if [ -d "$root/lib/modules" ]; then
			cp -a "$root/lib/modules/." "$root/usr/lib/modules/"
			rm -rf "$root/lib/modules"
		fi
		ln -s ../usr/lib/modules "$root/lib/modules"
	elif [ -d "$root/usr/lib/modules" ]; then
		cp -a "$root/usr/lib/modules/." "$root/lib/modules/"
	fi
	[ -d "$root/$m/kernel" ] || die "no modules in the packages of $v"
	/sbin/depmod -b "$root" "$v"
	ln -s "root/$m" "$1/modules"
	for f in "root/boot/vmlinuz-$v" "root/$m/vmlinuz"; do
		[ ! -e "$1/$f" ] || ln -sf "$f" "$1/vmlinuz"
	done
	[ -e "$1/vmlinuz" ] || die "no vmlinuz in the packages of $v"
	unpack_bzimage "$1/vmlinuz" "$1/vmlinux"
	for f in "root/boot/config-$v" "root/$m/config"; do
		[ ! -e "$1/$f" ] || ln -sf "$f" "$1/config"
	done
	ln -s "root/usr/src/linux-headers-$v" "$1/headers"
	sed -i "s,/usr/src/,$2/root/usr/src/," "$root/usr/src/linux-headers-$v/Makefile"
	# Makefile asks this script whether the checker works, but Debian's headers
	# of 7.3 come without it, and C=2 would be ignored.
	f=$root/usr/src/linux-headers-${v%-"$arch"}-common
	if grep -q checker-valid.sh "$f/Makefile" && [ ! -e "$f/scripts/checker-valid.sh" ]; then
		# shellcheck disable=SC2016 # expanded when that script runs
		printf '#!/bin/sh\ncommand -v "$1" >/dev/null && echo 1\n' \
			> "$f/scripts/checker-valid.sh"
		chmod +x "$f/scripts/checker-valid.sh"
	fi
	rm -f "$root/$m/build" "$root/$m/source"
	ln -s "$2/headers" "$root/$m/build"
}

# The kernel proper out of a bzImage. A translated guest takes five seconds to
# unpack itself; the host does it once.
unpack_bzimage() # BZIMAGE VMLINUX
{
	local at len payload=$2.payload

	at=$((($(number "$1" 0x1f1 1) + 1) * 512 + $(number "$1" 0x248 4)))
	# The last four bytes are the unpacked size.
	len=$(($(number "$1" 0x24c 4) - 4))
	tail -c "+$((at + 1))" "$1" | head -c "$len" > "$payload" || true
	case $(od -An -tx1 -N4 "$payload") in
	' fd 37 7a 58') xz -dc "$payload" ;;
	' 28 b5 2f fd') zstd -dqc "$payload" ;;
	' 1f 8b'*) gzip -dc "$payload" ;;
	*) die "$1: unknown compression" ;;
	esac > "$2"
	rm "$payload"
}

number() # FILE OFFSET SIZE
{
	od -An -t "u$3" -j "$(($2))" -N "$3" "$1" | tr -d ' '
}

# ---- toolchains -------------------------------------------------------------

# Nothing in these packages has to be configured to compile C, so they are only
# unpacked: quicker than a bootstrap, and it works without being root.
need_toolchain() # SUITE GCC
{
	local t=$cache/toolchain/$1-$2 new tmp deb

	[ "$1" != "$host_suite" ] || return 0
	exec 8> "$t.lock"
	flock 8
	if [ ! -e "$t" ]; then
		say "fetching the toolchain of $1 ($2)"
		new=$t.new
		rm -rf "$new"
		mkdir -p "$new"
		tmp=$(mktemp -d "$cache/apt/$1/get.XXXXXX")
		mkdir "$tmp/partial"
		apt "$1" get -qq -y --no-install-recommends --download-only \
			-o Dir::Cache::archives="$tmp" -o Debug::NoLocking=1 install \
			"$2" make sparse pahole libelf1 libssl3 zlib1g libc-bin base-files dash \
			bash coreutils sed grep mawk findutils diffutils perl-base dpkg kmod \
			xz-utils >&2
		for deb in "$tmp"/*.deb; do
			dpkg-deb -x "$deb" "$new"
		done
		rm -rf "$tmp"
		[ -e "$new/usr/bin/awk" ] || ln -s mawk "$new/usr/bin/awk"
		[ -e "$new/usr/bin/gcc" ] || ln -s "$2" "$new/usr/bin/gcc"
		sparse_for_7 "$new/usr/local/bin/sparse"
		mkdir -p "$new/dev" "$new/proc" "$new/tmp"
		mv "$new" "$t"
	fi
	exec 8>&-
}

# sparse 0.6.4 is older than what 7.x is written in: it lacks the keyword
# __typeof_unqual__, and does not see that the string length MODULE_LICENSE() and
# its like assert is a constant. Both are errors in the kernel's headers, so a wrapper hides these,
# and only these.
sparse_for_7() # FILE
{
	mkdir -p "$(dirname "$1")"
	cat > "$1.$$" <<-'EOF'
		#!/bin/bash
		set -o pipefail
		/usr/bin/sparse -D__typeof_unqual__=__typeof__ "$@" 2>&1 | awk -F: '
			/error: bad constant expression$/ {
				for (n = 1; n <= $2 && (getline line < $1) > 0; n++)
					;
				close($1)
				if (line ~ /^(MODULE_[A-Z_]+|module_param[a-z_]*)\(/)
					next
			}
			{ print > "/dev/stderr" }'
	EOF
	chmod +x "$1.$$"
	mv "$1.$$" "$1"
}

# Run a command with the toolchain of a kernel. The mounts live in a namespace
# of their own, so nothing stays behind however this ends.
#
# Packages of bookworm have files in /bin and /sbin; unpacking them does not merge
# these with /usr, as their installation would. Headers of 6.1 take the compiler
# for a cross compiler if the two DEB_* differ; later ones would ask dpkg, which
# has no database here.
with_toolchain() # K-DIR COMMAND...
{
	local d=$1 suite gcc t user=() at=("$cache" "$src" "$build" "$PWD")

	shift
	suite=$(cat "$d/suite")
	gcc=$(cat "$d/gcc")
	if [ "$suite" = "$host_suite" ] || [ "$suite" = host ]; then
		[ -e "$cache/bin/sparse" ] || sparse_for_7 "$cache/bin/sparse"
		PATH=$cache/bin:$PATH "$@"
		return
	fi
	t=$cache/toolchain/$suite-$gcc
	[ -d "$t" ] || need_toolchain "$suite" "$gcc"
	[ "$(id -u)" = 0 ] || user=(--map-root-user)
	[ "$PWD" != / ] || at=("${at[@]:0:3}")
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare "${user[@]}" --mount sh -ec '
		t=$1 cwd=$2 n=$3
		shift 3
		mount --rbind /dev "$t/dev"
		mount --rbind /proc "$t/proc"
		mount --rbind /tmp "$t/tmp"
		while [ "$n" -gt 0 ]; do
			mkdir -p "$t$1"
			mount --rbind "$1" "$t$1"
			n=$((n - 1))
			shift
		done
		exec chroot "$t" /usr/bin/env -i HOME=/tmp LC_ALL=C.UTF-8 \
			PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			DEB_BUILD_ARCH=amd64 DEB_HOST_ARCH=amd64 \
			sh -c "cd \"\$0\" && exec \"\$@\"" "$cwd" "$@"
	' sh "$t" "$PWD" ${#at[@]} "${at[@]}" "$@"
}

# ---- building ---------------------------------------------------------------

# Kbuild puts objects next to sources, and there is one source for several
# kernels: each gets a directory of links. Make looks through a link at the
# date of the file, so only what changed is compiled again.
farm() # DIR
{
	local b=$1 f

	find "$b" -xtype l -delete
	(cd "$src" || exit; find Kbuild kernel uapi -type f ! -name '.*' ! -name '*.o' ! -name '*.ko' \
		! -name '*.a' ! -name '*.mod' ! -name '*.mod.c' ! -name '*.order' \
		! -name '*.symvers' 2>/dev/null || true) |
	while read -r f; do
		[ ! -L "$b/$f" ] || continue
		mkdir -p "$b/$(dirname "$f")"
		ln -s "$src/$f" "$b/$f"
	done
}

build() # K ARG...
{
	local k d

	k=$(canonical "$1")
	d=$(dir_of "$1")
	shift
	compile_in "$build/$k" "$d" "$d/headers" "$@"
}

compile_in() # DIR K-DIR HEADERS ARG...
{
	local b=$1 d=$2 headers=$3 key

	shift 3
	mkdir -p "$b"
	exec 7> "$b/.lock"
	flock 7
	# Objects of another kernel, or of a tree that has moved, are of no use.
	key="$d $src"
	if [ "$(cat "$b/.built-for" 2>/dev/null)" != "$key" ]; then
		find "$b" -mindepth 1 ! -name .lock -delete
		echo "$key" > "$b/.built-for"
	fi
	farm "$b"
	[ -e "$b/Kbuild" ] || die "$src has no Kbuild"
	# Messages should name the file to be edited, not the link to it.
	{ with_toolchain "$d" make --no-print-directory -C "$headers" M="$b" \
		-j"$(nproc)" "$@" 2>&1 1>&3 7>&- | sed -u "s,$b/,$src/,g" >&2; } 3>&1
}

# ---- another architecture ------------------------------------------------------

# That nothing outside of arch/x86 knows x86-64 is seen by compiling it for arm64, against headers
# of the very same release. They share scripts and the common part with those of amd64, beside which
# they are unpacked. The compiler is a package of the machine (setup.sh check) where kernels of its
# own release are built, and otherwise goes into the toolchain.
need_arm64() # K-DIR
{
	local d=$1 v suite gcc headers t tmp new deb

	v=$(cat "$d/version")
	v=${v%-"$arch"}-arm64
	suite=$(cat "$d/suite")
	gcc=$(cat "$d/gcc")-aarch64-linux-gnu
	headers=$d/root/usr/src/linux-headers-$v
	exec 6> "$cache/.lock-arm64"
	flock 6
	if [ ! -e "$headers" ]; then
		[ "$suite" != host ] || die "headers of arm64 come with Debian's kernels alone"
		update "$suite-arm64"
		say "fetching headers of $v"
		new=$d/arm64.new
		rm -rf "$new"
		unpack "$suite-arm64" "$new" "linux-headers-$v"
		echo "include ${headers%-arm64}-common/Makefile" \
			> "$new/usr/src/linux-headers-$v/Makefile"
		mv "$new/usr/src/linux-headers-$v" "$headers"
		rm -rf "$new"
	fi
	if [ "$suite" = "$host_suite" ]; then
		command -v "aarch64-linux-gnu-${gcc%-aarch64-linux-gnu}" > /dev/null ||
			die "$gcc is not installed; run: setup.sh check"
	else
		need_toolchain "$suite" "${gcc%-aarch64-linux-gnu}"
		t=$cache/toolchain/$suite-${gcc%-aarch64-linux-gnu}
		if [ ! -e "$t/usr/bin/aarch64-linux-gnu-${gcc%-aarch64-linux-gnu}" ]; then
			say "fetching $gcc of $suite"
			update "$suite"
			tmp=$(mktemp -d "$cache/apt/$suite/get.XXXXXX")
			mkdir "$tmp/partial"
			apt "$suite" get -qq -y --no-install-recommends --download-only \
				-o Dir::Cache::archives="$tmp" -o Debug::NoLocking=1 install "$gcc" >&2
			# The compiler proper last. What it shares with the other one is there already.
			for deb in "$tmp"/*-cross*.deb "$tmp"/*-aarch64-linux-gnu*.deb; do
				[ ! -e "$deb" ] || dpkg-deb -x "$deb" "$t"
			done
			rm -rf "$tmp"
		fi
	fi
	exec 6>&-
}

# Objects stay until a file changes, as with the module. There is no module: see
# kernel/arch/arm64/compile_check.h.
compile() # K ARG...
{
	local k d v

	k=$(canonical "$1")
	d=$(dir_of "$1")
	shift
	need_arm64 "$d"
	v=$(cat "$d/version")
	compile_in "$build/$k-arm64" "$d" "$d/root/usr/src/linux-headers-${v%-"$arch"}-arm64" \
		CKPT_COMPILE_CHECK=1 "$@" ckpt.o
}

# ---- kernel source ----------------------------------------------------------

# Tests use the kernel's own harness and checkpatch; both come from the source
# package instead of being copied into this tree.
source_dir()
{
	local s=$cache/source-6.1 tmp

	if [ ! -e "$s/done" ]; then
		update bookworm >&2
		say "fetching pieces of the kernel source"
		tmp=$(mktemp -d "$cache/source.XXXXXX")
		unpack bookworm "$tmp" linux-source-6.1
		rm -rf "$s"
		mkdir -p "$s"
		tar -C "$s" --strip-components=1 --wildcards -xJf "$tmp"/usr/src/linux-source-6.1.tar.xz \
			'*/tools/testing/selftests/*.h' '*/scripts/checkpatch.pl' \
			'*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch' \
			'*/scripts/kernel-doc' '*/COPYING' '*/LICENSES'
		mv "$tmp"/usr/src/linux-source-6.1.tar.xz "$s/"
		rm -rf "$tmp"
		apt bookworm cache policy linux-source-6.1 | sed -n 's/^ *Candidate: //p' > "$s/done"
	fi
	echo "$s"
}

# ---- commands ---------------------------------------------------------------

fetch()
{
	local k suites='' pids='' p

	[ $# -gt 0 ] || set -- 6.1 6.12 7
	exec 9> "$cache/.lock"
	flock 9
	for k; do
		shift
		[ "$k" != debug ] || continue
		if fresh "$cache/kernels/.checked-$k" && (dir_of "$k") >/dev/null 2>&1 &&
		   ready "$(dir_of "$k")"; then
			continue
		fi
		set -- "$@" "$k"
		suites="$suites $(suite_of "$k")"
	done
	[ $# -gt 0 ] || return 0
	for k in $(echo "$suites" | tr ' ' '\n' | sort -u); do
		update "$k" &
		pids="$pids $!"
	done
	for p in $pids; do
		wait "$p" || exit 1
	done
	pids=
	for k; do
		fetch_one "$k" &
		pids="$pids $!"
	done
	for p in $pids; do
		wait "$p" || exit 1
	done
	exec 9>&-
}

ready() # K-DIR
{
	[ "$(cat "$1/suite")" = "$host_suite" ] ||
		[ -d "$cache/toolchain/$(cat "$1/suite")-$(cat "$1/gcc")" ]
}

list()
{
	local l d

	for l in "$cache"/kernels/*; do
		[ -L "$l" ] || continue
		case ${l##*/} in 7) continue ;; esac
		d=$(cd "$l" && pwd -P) || continue
		printf '%-6s %-26s %s\n' "${l##*/}" "$(cat "$d/version")" "$(cat "$d/package")"
	done | sort -V
}

build=${CKPT_BUILD:-$src/build}
mkdir -p "$build"
[ -e "$build/.gitignore" ] || echo '*' > "$build/.gitignore"
build=$(cd "$build" && pwd -P)

cmd=${1:-}
[ $# -eq 0 ] || shift
case $cmd in
fetch) fetch "$@" ;;
list) list ;;
name|path|build|compile|run)
	[ $# -gt 0 ] || { usage >&2; exit 2; }
	case $cmd in
	name) canonical "$1" ;;
	path) dir_of "$1" ;;
	build) build "$@" ;;
	compile) compile "$@" ;;
	run) d=$(dir_of "$1"); shift; with_toolchain "$d" "$@" ;;
	esac
	;;
source) source_dir ;;
sources)
	[ $# -eq 1 ] || { usage >&2; exit 2; }
	echo "$(dirname "$(apt_conf "$1")")/sources.list"
	;;
unpack)
	[ $# -gt 2 ] || { usage >&2; exit 2; }
	update "$1"
	unpack "$@"
	;;
-h|--help|help) usage ;;
*) usage >&2; exit 2 ;;
esac
