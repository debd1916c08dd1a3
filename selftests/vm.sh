#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm.sh - run a command on one of the kernels, in a virtual machine
#
# The door for every test and for anyone curious: a module that rebuilds
# processes is not tried on the machine one works on. The guest boots Debian's
# stock kernel, has the module loaded, the host's files (read-only, changes stay
# in memory) and this tree at its usual place, so a command runs there as it
# would here. Or the files of another Debian release, with this tree among them.
# A run also fails when the kernel had something to complain about.
#
# Needs no hardware virtualisation: QEMU translates (TCG).
# shellcheck disable=SC2054 # the options of QEMU are full of commas
set -euo pipefail

usage()
{
	cat <<'EOF'
Usage: vm.sh [OPTION...] [--] [COMMAND [ARG...]]

Boots a kernel, loads the module and runs COMMAND as root in the current
directory; without COMMAND, a shell. Output is relayed as it comes, standard
input too unless it is a terminal. Gets the kernel and builds the module, the
tools and (if COMMAND speaks of selftests/) the test programs where there are
none; does not build anew what there is. Exit status: that of COMMAND;
  124  it took longer than -t
  125  the machine failed, or the kernel log has a WARNING, BUG, Oops, stall,
       lockdep, sanitizer, refcount or leak report since the command began

  -k K         kernel: 6.1, 6.12, 7 (default) or any in "kernels.sh list"; debug
  -r ROOT      the guest's files are not the host's, but those below this directory
               of it; or those of a Debian release, as in "-r trixie": see tree.sh.
               This tree and the current directory are where they are here
  -m MEM       memory in MiB, or with a suffix as for QEMU; default 2048
  -c CPUS      virtual CPUs; default 2
  -C MODEL     processor, as QEMU's -cpu has it (qemu64; max,-pku); default: all that
               can be emulated, but for two features that are faster without
  -s           one host thread for all virtual CPUs: slower, but free of the
               emulator's races with code the kernel patches at run time
  -t SECONDS   end the machine that long after its start; default 1800, 0: never
  -w DIR       DIR of the host, writable, at /mnt/out
  -n           do not load the module
  -M FILE      load this module instead of build/K/ckpt.ko
  -i           give COMMAND this terminal (implied by a shell on a terminal)
  -a REGEX     kernel messages that match are expected, not a failure
  -l           look for leaks at the end (-k debug, takes a minute or two more)
  -A ARGS      more arguments for the kernel command line
  -K           start as from a disk: the kernel unpacks itself and is put at a
               random address (5 s more); has 5-level page tables if the processor does
  -v           say what it takes: time to boot, to run, kernel log

In the guest: PATH starts with build/tools of this tree; HOME, TERM and CKPT_*
are passed on, nothing else of the environment is. /tmp is empty; debugfs,
tracefs, cgroup2 are mounted. After a failure the kernel log is in build/vm/.

Environment: CKPT_CACHE, CKPT_SRC, CKPT_BUILD as for kernels.sh; CKPT_KERNEL, the default of -k.
EOF
}

say() { echo "vm: $*" >&2; }
die() { say "$*"; exit 125; }

here=$(cd "$(dirname "$0")" && pwd -P)
src=$(cd "${CKPT_SRC:-$here/..}" && pwd -P)
build=${CKPT_BUILD:-$src/build}
cache=${CKPT_CACHE:-$HOME/.cache/ckpt}

k=${CKPT_KERNEL:-7} mem=2048 cpus=2 thread=multi limit=1800 share='' load=yes ko='' tty=''
# With them kernel and libraries clear and copy by "rep movsb", for which the emulator, unlike any
# processor, takes a step for each byte: four times as long as without.
cpu=max,-erms,-fsrm
allow='' leaks='' extra='' verbose='' image=vmlinux root=''

argv=("$@")
while getopts :k:r:m:c:C:st:w:nM:ia:lA:Kvh o; do
	case $o in
	k) k=$OPTARG ;;
	r) root=$OPTARG ;;
	m) mem=$OPTARG ;;
	c) cpus=$OPTARG ;;
	C) cpu=$OPTARG ;;
	s) thread=single ;;
	t) limit=$OPTARG ;;
	w) share=$(cd "$OPTARG" && pwd -P) || die "no directory $OPTARG" ;;
	n) load='' ;;
	M) ko=$(realpath -e "$OPTARG") || exit 125 ;;
	i) tty=yes ;;
	a) allow=$OPTARG ;;
	l) leaks=yes ;;
	A) extra=$OPTARG ;;
	K) image=vmlinuz ;;
	v) verbose=yes ;;
	h) usage; exit ;;
	*) usage >&2; exit 125 ;;
	esac
done
shift $((OPTIND - 1))
case $limit in ''|*[!0-9]*) die "-t wants seconds, not \"$limit\"" ;; esac
[ $# -gt 0 ] || [ ! -t 0 ] || tty=yes
[ -z "$tty" ] || [ -t 0 ] || die "-i needs a terminal"

# Ends here, in words, if packages are missing.
packages()
{
	local missing

	missing=$("$here/setup.sh" --dry-run "$@" 2>&1) ||
		die "${missing#setup: }; to install them, as root: selftests/setup.sh $*"
}

command -v qemu-system-x86_64 >/dev/null || packages vm
read -r safe emulator <<< "$("$here/qemu.sh")" || true
[ -n "$emulator" ] || die 'no emulator'
[ "$safe" = multi ] || thread=single

# ---- the kernel -----------------------------------------------------------------

"$here/kernels.sh" path "$k" >/dev/null 2>&1 || [ "$k" = debug ] || "$here/kernels.sh" fetch "$k" || exit 125
kdir=$("$here/kernels.sh" path "$k") || exit 125
k=$("$here/kernels.sh" name "$k")
release=$(cat "$kdir/version")
[ -e "$kdir/$image" ] || image=vmlinuz

# ---- what a fresh clone lacks ---------------------------------------------------

# lacking FILE WHAT COMMAND...: build WHAT, of which FILE is the last part, if there is none. What
# has been built is left alone, whatever its age: that is for the one who builds to decide.
lacking()
{
	local file=$1 what=$2 log=$build/vm-build.log

	shift 2
	[ ! -e "$file" ] || return 0
	packages module tools vm
	mkdir -p "$build"
	[ -e "$build/.gitignore" ] || echo '*' > "$build/.gitignore"
	# Of several machines that start at once, the first one builds.
	exec 8> "$build/.vm-build.lock"
	flock 8
	if [ ! -e "$file" ]; then
		say "there is no $file; building $what"
		env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "$@" > "$log" 2>&1 < /dev/null 8>&- || {
			tail -n 20 "$log" | sed 's/^/  | /' >&2
			die "cannot build $what with \"$*\"; see $log"
		}
	fi
	exec 8>&-
}

[ -z "$load" ] || [ -n "$ko" ] ||
	lacking "$build/$k/ckpt.ko" "the module for $k" "$here/kernels.sh" build "$k"
for t in ckpt rstr ckptinfo; do
	lacking "$build/tools/$t" 'the tools' make -C "$src/tools" "B=$build/tools"
done
case "$PWD/ $*" in
*selftests/*)
	lacking "$build/selftests/.built" 'the test programs' \
		make -C "$src/selftests" "B=$build/selftests"
	;;
esac

# ---- the initramfs ------------------------------------------------------------

# Modules a guest needs to see the host, in the order to insert them. depmod has
# worked out what depends on what; what is built in has no line there.
modules()
{
	[ -e "$kdir/modules/modules.dep" ] || return 0
	awk -v want='virtio_pci virtio_console 9pnet_virtio 9p overlay' '
		{
			file = $1
			sub(/:$/, "", file)
			name = file
			sub(/.*\//, "", name)
			sub(/\.ko.*/, "", name)
			gsub(/-/, "_", name)
			path[name] = file
			$1 = ""
			deps[name] = $0
		}
		function add(file) {
			if (!(file in seen))
				print file
			seen[file] = 1
		}
		END {
			n = split(want, w, " ")
			for (i = 1; i <= n; i++) {
				if (!(w[i] in path))
					continue
				m = split(deps[w[i]], d, " ")
				for (j = m; j > 0; j--)
					add(d[j])
				add(path[w[i]])
			}
		}' "$kdir/modules/modules.dep"
}

# Uncompressed on purpose: reading a few megabytes is quicker than unpacking
# them in translated code.
initramfs()
{
	local key out tmp n=10 f

	key=$( (cat "$here/vm-init.sh" /bin/busybox; modules) | sha256sum | cut -c1-16)
	out=$cache/initramfs/$release-$key.cpio
	echo "$out"
	if [ -e "$out" ]; then
		touch -c "$out" || true
		return 0
	fi
	! ldd /bin/busybox > /dev/null 2>&1 || die "/bin/busybox needs libraries; install busybox-static"
	mkdir -p "$cache/initramfs"
	# Another machine may be about to start from one: only what has long been out of use goes.
	find "$cache/initramfs" -name "$release-*.cpio" -mmin +60 -delete
	tmp=$(mktemp -d "$cache/initramfs/new.XXXXXX")
	mkdir -p "$tmp"/root/{bin,dev,proc,sys,rw,mod}
	cp /bin/busybox "$tmp/root/bin/"
	install -m 755 "$here/vm-init.sh" "$tmp/root/init" || die "no vm-init.sh"
	while read -r f; do
		n=$((n + 1))
		case $f in
		*.xz) xz -dc "$kdir/modules/$f" ;;
		*.zst) zstd -qdc "$kdir/modules/$f" ;;
		*.gz) gzip -dc "$kdir/modules/$f" ;;
		*) cat "$kdir/modules/$f" ;;
		esac > "$tmp/root/mod/$n-$(basename "${f%.ko*}").ko"
	done < <(modules)
	(cd "$tmp/root" && find . | cpio -o -H newc -R 0:0 --quiet) > "$tmp/out"
	mv "$tmp/out" "$out"
	rm -rf "$tmp"
}

initrd=$(initramfs) || exit

case $root in
'') ;;
*/*|.|..) root=$(cd "$root" && pwd -P) || exit 125 ;;
*) root=$("$here/tree.sh" "$root") || exit 125 ;;
esac
[ "$root" != / ] || root=

# ---- what the guest has to know -------------------------------------------------

dir=$(mktemp -d "${TMPDIR:-/tmp}/ckpt-vm.XXXXXX")
qemu='' dog='' relays=()

# shellcheck disable=SC2317 # called by trap
cleanup()
{
	trap - EXIT INT TERM HUP
	if [ -n "$qemu" ]; then
		kill -9 "$qemu" 2>/dev/null || true
		wait "$qemu" 2>/dev/null || true
	fi
	[ -z "$dog" ] || kill "$dog" 2>/dev/null || true
	[ ${#relays[@]} -eq 0 ] || kill "${relays[@]}" 2>/dev/null || true
	[ -z "$tty" ] || stty "$tty" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'say "interrupted"; exit 130' INT
trap 'say "terminated"; exit 143' TERM HUP

quote() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

if [ -n "$load" ] && [ -z "$ko" ]; then
	ko=$(realpath "$build/$k/ckpt.ko")
elif [ -z "$load" ]; then
	ko=''
fi
[ -z "$leaks" ] || [ "$k" = debug ] || die "only -k debug can look for leaks (-l)"

# The guest has its own /tmp and /run, and another root has nothing of the host's; what is needed is
# put back. What is there already is the guest's own: a current directory /usr would be a strange one.
uncover=
for d in "$src" "$build" "$PWD"; do
	case $d in
	/tmp/*|/run/*|/dev/shm/*) ;;
	*) if [ -z "$root" ] || [ -d "$root$d" ]; then continue; fi ;;
	esac
	for u in $uncover; do
		case $d/ in "$u"/*) continue 2 ;; esac
	done
	uncover="$uncover $d"
done

if [ -n "$tty" ]; then
	size=$(stty size)
	tty=$(stty -g)
fi
stdin=
[ -t 0 ] || stdin=yes

{
	for v in k release root ko tty stdin share leaks uncover; do
		echo "$v=$(quote "${!v}")"
	done
	echo "modules=$([ ! -e "$kdir/modules" ] || quote "$(realpath "$kdir/modules")")"
	# A file under /tmp or /run is only seen below the host's root.
	[ -z "$ko" ] || echo "ko=/run/vm/host$(quote "$ko")"
} > "$dir/conf"

{
	echo "export PATH=$(quote "$build/tools:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")"
	echo "export HOME=/root TERM=$(quote "${TERM:-dumb}")"
	for v in "${!CKPT_@}"; do
		echo "export $v=$(quote "${!v}")"
	done
	[ -z "$tty" ] || echo "stty rows ${size% *} cols ${size#* }"
	echo "cd $(quote "$PWD") || exit 126"
	echo "unset OLDPWD"
	if [ $# -gt 0 ]; then
		printf 'exec'
		for a; do
			printf ' %s' "$(quote "$a")"
		done
		echo
	elif [ -n "$tty" ]; then
		echo 'exec bash -i'
	else
		echo 'exec sh'
	fi
} > "$dir/run"

# ---- the machine ------------------------------------------------------------------

now() { echo "${EPOCHREALTIME/[.,]/}"; }
since() { local t=$(($(now) - $1)); printf '%d.%d s' $((t / 1000000)) $((t / 100000 % 10)); }

began=$(now)
mkfifo "$dir"/{out,err,ctl}.{in,out}
# When nobody listens any more, what is left is thrown away: the guest must not block.
{ cat || true; cat > /dev/null; } < "$dir/out.out" & relays+=($!)
{ cat >&2 || true; cat > /dev/null; } < "$dir/err.out" & relays+=($!)
while read -r line; do
	echo "$(now) $line"
done < "$dir/ctl.out" > "$dir/ctl" & relays+=($!)

args=(
	-accel "tcg,thread=$thread" -cpu "$cpu" -smp "$cpus" -m "$mem"
	-M q35 -nodefaults -no-user-config -display none -no-reboot -name "ckpt-$k"
	-kernel "$kdir/$image" -initrd "$initrd"
	-chardev "file,id=console,path=$dir/console" -serial chardev:console
	-fsdev local,id=host,path=/,security_model=none,multidevs=remap,readonly=on
	-device virtio-9p-pci,fsdev=host,mount_tag=host
	-device virtio-serial-pci,max_ports=8
)
for p in out err ctl; do
	args+=(-chardev "pipe,id=$p,path=$dir/$p" -device "virtserialport,chardev=$p,name=$p")
done
args+=(-chardev "file,id=log,path=$dir/log" -device virtserialport,chardev=log,name=log)
[ -z "$share" ] || args+=(
	-fsdev "local,id=out,path=$share,security_model=none,multidevs=remap"
	-device virtio-9p-pci,fsdev=out,mount_tag=out
)
# A busy host starves a translated guest for seconds; that is no stall of the kernel's making.
cmdline="console=ttyS0 loglevel=5 panic=-1 printk.devkmsg=on log_buf_len=8M random.trust_cpu=on"
cmdline+=" rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=30 tsc=reliable no_timer_check"
cmdline+=" ckpt.vm=$dir"
[ -z "$leaks" ] || cmdline+=" kmemleak=on"
args+=(-append "$cmdline${extra:+ $extra}")

if [ -n "$tty" ]; then
	args+=(-chardev stdio,id=tty,signal=off -device virtconsole,chardev=tty)
	exec 6<&0
	"$emulator" "${args[@]}" <&6 & qemu=$!
	exec 6<&-
elif [ -n "$stdin" ]; then
	# QEMU makes its input non-blocking, which the owner of ours would notice.
	args+=(-chardev stdio,id=in,signal=off -device virtserialport,chardev=in,name=in)
	exec 6<&0
	"$emulator" "${args[@]}" < <(exec cat <&6) > /dev/null 2> "$dir/qemu" & qemu=$!
	exec 6<&-
else
	"$emulator" "${args[@]}" < /dev/null > /dev/null 2> "$dir/qemu" & qemu=$!
fi

if [ "$limit" -gt 0 ]; then
	(
		trap 'kill $s 2>/dev/null; exit' TERM
		sleep "$limit" & s=$!
		wait $s
		: > "$dir/timeout"
		kill -9 "$qemu"
	) > /dev/null 2>&1 & dog=$!
fi

wait "$qemu" 2>/dev/null || true
qemu=''
ended=$(now)
if [ -s "$dir/ctl" ]; then
	wait "${relays[@]}" || true
	relays=()
fi
[ -z "$tty" ] || stty "$tty"

# ---- the verdict --------------------------------------------------------------------

word() { sed -n "s/^[0-9]* $1 *//p" "$dir/ctl" | head -n1; }
at() { sed -n "s/^\([0-9]*\) $1.*/\1/p" "$dir/ctl" | head -n1; }

# The log of a machine that ended in order; of one that did not, what it last
# wrote to its console.
log=$dir/log
if [ -s "$log" ]; then
	sed -n '/vm: start/,$p' "$log" > "$dir/since"
else
	log=$dir/console
	cp "$log" "$dir/since" 2>/dev/null || : > "$dir/since"
fi

bad='\bWARNING:|\bBUG:|\bOops\b|kernel BUG at|Kernel panic|cut here \]|general protection fault[,:]'
bad="$bad|double fault|invalid opcode: |int3: |stack guard page|kernel NULL pointer"
bad="$bad|possible (circular|recursive|irq|deadlock|unsafe)|inconsistent lock state|suspicious RCU"
bad="$bad|INFO: (lockdep|task |trying to register|rcu|suspicious|possible)|held lock freed|bad unlock balance"
bad="$bad|rcu.*(stall|starved)|soft lockup|hard LOCKUP|blocked for more than|hung task"
bad="$bad|KASAN|UBSAN|KFENCE|KCSAN|refcount_t|(list_add|list_del).* corruption|Bad (page|rss-counter)"
bad="$bad|scheduling while atomic|sleeping function called|usercopy:|unreferenced object|new suspected memory leak"
bad="$bad|Unpatched return thunk|Missing ENDBR|Bad FPU state|x86/fpu: .*(bad|corrupt)"

grep -aE "$bad" "$dir/since" | grep -avE "traps: |${allow:-vm: start}" > "$dir/bad" || true

# What a busy host does to a translated guest while it boots, before anything was asked of it.
# A clock that was measured wrong: see vm-init.sh.
if [ -n "$(word clock)" ]; then
	again="the guest's clock was off by $(word clock) s, it had measured its speed wrong"
	# Nothing has run yet, but a pipe may have been read from.
	[ -z "$stdin" ] || [ /dev/stdin -ef /dev/null ] || die "$again; not once more with standard input"
	[ "${CKPT_VM_TRY:-1}" -lt 4 ] || die "$again; that was the last attempt"
	say "$again; once more"
	cleanup
	CKPT_VM_TRY=$((${CKPT_VM_TRY:-1} + 1)) exec "$here/vm.sh" "${argv[@]}"
fi

status=$(word exit)
fail=
if [ -e "$dir/timeout" ]; then
	fail="not done after $limit s; the machine was ended"
	code=124
elif [ -n "$(word fail)" ]; then
	fail=$(word fail)
	code=125
elif [ -z "$status" ]; then
	fail='the machine ended before the command did'
	code=125
	[ ! -s "$dir/qemu" ] || cat "$dir/qemu" >&2
fi

if [ -s "$dir/bad" ]; then
	say "the kernel ($release) complained:"
	# Each complaint with what follows it, which says where.
	grep -aE -A24 -m3 "$bad" "$dir/since" | grep -avE "traps: |${allow:-vm: start}" | sed 's/^<[0-9]*>//; s/^/  | /' | head -n 80 >&2
	[ -n "$fail" ] || fail="the kernel log is not clean${status:+ (the command ended with $status)}"
	[ "${code:-0}" = 124 ] || code=125
else
	# What the kernel said last tells why.
	case $fail in
	'the machine ended'*) tail -n 30 "$dir/console" 2>/dev/null | sed 's/^/  | /' >&2 ;;
	'cannot load'*) sed 's/^<[0-9]*>/  | /' "$dir/since" >&2 ;;
	esac
fi

if [ -n "$fail" ] || [ "$status" != 0 ]; then
	mkdir -p "$build/vm"
	[ -e "$build/.gitignore" ] || echo '*' > "$build/.gitignore"
	{ cat "$log" 2>/dev/null; [ "$log" = "$dir/console" ] || { echo "--- console"; cat "$dir/console"; }; } > "$build/vm/$k-$$.dmesg"
fi
if [ -n "$verbose" ]; then
	t=$(at start)
	say "kernel $release, ${t:+command began after $(printf '%d.%d s' $(((t - began) / 1000000)) $(((t - began) / 100000 % 10))), }all took $(since "$began"), ended $(since "$ended") ago"
	sed -n 's/^<[0-9]*>//p' "$dir/since" | sed 's/^/  | /' >&2
fi
if [ -n "$fail" ]; then
	say "$fail"
	say "kernel log: $build/vm/$k-$$.dmesg"
	exit "$code"
fi
exit "$status"
