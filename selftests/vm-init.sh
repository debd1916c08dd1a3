#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0
#
# vm-init.sh - process 1 of the test machine; vm.sh puts it into the initramfs
#
# Makes the host's root file system, or a tree in it, read-only and under an overlay
# in memory, the root of the guest: so every program of the host can be tested without an
# image to build, and no test can harm the host. Runs twice: from the initramfs
# to get there (stage1), then in the new root to run the command (stage2).
#
# Everything vm.sh has to say comes in a directory of the host, named on the
# kernel command line as ckpt.vm=DIR: "conf" (variables for this script) and
# "run" (the command). Answers go back through virtio ports.
#
# It relies on busybox alone, which is built to run applets without a PATH.

# shellcheck disable=SC2154 # the variables of conf
bb=/bin/busybox
ports=/dev/virtio-ports

die()
{
	echo "vm: $*" > /dev/console
	[ -e $ports/ctl ] && echo "fail $*" > $ports/ctl
	$bb poweroff -nf
}

mnt() # TYPE OPTIONS WHERE
{
	$bb mkdir -p "$3"
	$bb mount -t "$1" -o "$2" "$1" "$3"
}

# A writable view of a host directory that a file system of the guest hides.
uncover() # NUMBER DIR
{
	$bb mkdir -p "/run/vm/rw/up$1" "/run/vm/rw/work$1" "$2"
	$bb mount -t overlay -o "lowerdir=/run/vm/host$3,upperdir=/run/vm/rw/up$1,workdir=/run/vm/rw/work$1" \
		overlay "$2"
}

read_conf() # WHERE-THE-HOST-IS
{
	dir=$($bb sed -n 's/.*ckpt\.vm=\([^ ]*\).*/\1/p' /proc/cmdline)
	# shellcheck disable=SC1090,SC1091,SC2154 # written by vm.sh
	. "$1$dir/conf" || die "cannot read $dir/conf"
}

stage1()
{
	$bb mount -t proc proc /proc
	$bb mount -t sysfs sysfs /sys
	[ -c /dev/null ] || $bb mount -t devtmpfs devtmpfs /dev
	for m in /mod/*; do
		[ -e "$m" ] && { $bb insmod "$m" || echo "vm: cannot load $m" > /dev/console; }
	done
	# Memory for the overlay and for what must outlive the initramfs.
	$bb mount -t tmpfs -o mode=755,size=80% tmpfs /rw
	$bb mkdir -p /rw/up /rw/work /rw/host /rw/root
	$bb mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=512000 host /rw/host ||
		die "cannot mount the host's root"
	read_conf /rw/host
	$bb mount -t overlay -o "lowerdir=/rw/host$root,upperdir=/rw/up,workdir=/rw/work" overlay /rw/root ||
		die "cannot mount the overlay"
	mnt tmpfs mode=755 /rw/root/run
	$bb mkdir -p /rw/root/run/vm/rw /rw/root/run/vm/host
	$bb cp /bin/busybox /init /rw/root/run/vm/
	$bb mount --bind /rw /rw/root/run/vm/rw
	$bb mount --move /rw/host /rw/root/run/vm/host
	for d in proc sys dev; do
		$bb mount --move /$d /rw/root/$d
	done
	exec $bb switch_root /rw/root /run/vm/busybox sh /run/vm/init stage2
}

stage2()
{
	bb=/run/vm/busybox
	read_conf /run/vm/host

	exec < /dev/null
	$bb hostname ckpt
	$bb ifconfig lo up
	# As in Debian. Of fewer pids, one that was killed may be another's before it is restarted.
	echo 4194304 > /proc/sys/kernel/pid_max
	mnt tmpfs mode=1777 /tmp
	mnt devpts gid=5,mode=620,ptmxmode=666 /dev/pts
	mnt tmpfs mode=1777 /dev/shm
	mnt mqueue rw /dev/mqueue 2>/dev/null
	mnt debugfs rw /sys/kernel/debug 2>/dev/null
	mnt tracefs rw /sys/kernel/tracing 2>/dev/null
	mnt cgroup2 rw /sys/fs/cgroup 2>/dev/null
	# One that stays: with the first one of these, and behind the last, the kernel rewrites itself
	# (cpusets_enabled_key), over which the emulator may trip: see qemu.sh.
	echo +cpuset > /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null &&
		$bb mkdir /sys/fs/cgroup/ckpt-stays
	for l in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
		$bb ln -sf "${l#*:}" "/dev/${l%%:*}"
	done
	$bb mkdir -p /run/lock /run/user /var/tmp
	n=1
	if [ -n "$modules" ]; then
		uncover 0 "/lib/modules/$release" "$modules"
	fi
	for d in $uncover; do
		uncover $n "$d" "$d"
		n=$((n + 1))
	done
	if [ -n "$share" ]; then
		$bb mkdir -p /mnt/out
		$bb mount -t 9p -o trans=virtio,version=9p2000.L,cache=mmap,msize=512000 out /mnt/out ||
			die "cannot mount the shared directory"
	fi

	# The ports get their names from sysfs; there is no udev to link them.
	$bb mkdir -p $ports
	for p in /sys/class/virtio-ports/*; do
		[ -e "$p/name" ] && $bb ln -sf "../${p##*/}" "$ports/$($bb cat "$p/name")"
	done
	[ -e $ports/ctl ] || die "no virtio ports"
	exec 3> $ports/ctl
	echo up >&3

	# On a busy host the kernel may measure the speed of its clock wrong, by a factor of ten even.
	# No timeout means what it says then. The clock of the mainboard, from which the kernel took
	# the time when it started, is the host's.
	if [ -e /sys/class/rtc/rtc0/since_epoch ]; then
		off=$(($($bb date +%s) - $($bb cat /sys/class/rtc/rtc0/since_epoch)))
		if [ "${off#-}" -gt 6 ]; then
			echo "clock $off" >&3
			exec 3>&-
			$bb poweroff -nf
		fi
	fi

	[ -n "$leaks" ] && echo clear > /sys/kernel/debug/kmemleak
	echo "<5>vm: start" > /dev/kmsg
	status=
	if [ -n "$ko" ]; then
		# What it needs of other modules, as modprobe would find out.
		for dep in $(modinfo -F depends "$ko" | tr , ' '); do
			modprobe "$dep"
		done
		$bb insmod "$ko" 2> /run/vm/insmod || {
			echo "fail cannot load $ko: $($bb sed 's/^insmod: //' /run/vm/insmod)" >&3
			status=1
		}
	fi
	if [ -z "$status" ]; then
		run
		status=$?
		if [ -n "$leaks" ]; then
			leaks
		fi
		echo "exit $status" >&3
	fi
	$bb dmesg -r > $ports/log
	exec 3>&-
	# No sync, which would wait for the disk of the host.
	[ -z "$share" ] || $bb umount /mnt/out
	$bb poweroff -nf
	while :; do $bb sleep 1; done
}

run()
{
	local left n p r relays

	# After an oops the command may never end: locks are held by the dead.
	( $bb grep -m1 -E 'Oops:|BUG: (unable|kernel)|kernel BUG at' < /dev/kmsg > /dev/null &&
		$bb sleep 30 && echo "fail the command does not end after an oops" >&3 &&
		{ $bb dmesg -r > $ports/log; $bb poweroff -nf; } ) &
	echo start >&3
	# Through pipes, as programs expect: a port can be opened only once, which
	# makes /dev/stderr fail.
	$bb mkfifo /run/vm/in /run/vm/out /run/vm/err
	# Open for both, which does not wait for the other side: waiting, the shell
	# would take the end of any child for a failure.
	exec 4<> /run/vm/out 5<> /run/vm/err
	$bb cat < /run/vm/out > $ports/out 3>&- 4>&- 5>&- &
	relays=$!
	$bb cat < /run/vm/err > $ports/err 3>&- 4>&- 5>&- &
	relays="$relays $!"
	# In the foreground, since a shell lets what it starts in the background
	# ignore SIGINT; in a session of its own, since that of process 1 is 0.
	set -- $bb setsid $bb env -i /bin/sh "/run/vm/host$dir/run"
	if [ -n "$tty" ]; then
		shift 2
		$bb setsid -c "$@" < /dev/hvc0 > /dev/hvc0 2>&1 3>&- 4>&- 5>&-
	elif [ -n "$stdin" ]; then
		# shellcheck disable=SC2094 # a pipe, to have both of its ends
		exec 6<> /run/vm/in 7< /run/vm/in 8> /run/vm/in 6>&-
		$bb cat < $ports/in >&8 3>&- 4>&- 5>&- 7>&- &
		exec 8>&-
		"$@" <&7 > /run/vm/out 2> /run/vm/err 3>&- 4>&- 5>&- 7>&-
	else
		"$@" < /dev/null > /run/vm/out 2> /run/vm/err 3>&- 4>&- 5>&-
	fi
	r=$?
	exec 4>&- 5>&-
	echo "done" >&3
	# The end of what the command left behind is the end of the output, too.
	# What survives that is stuck in the kernel, which a module must never do.
	n=0
	while processes && [ -n "$left" ]; do
		[ $n -lt 100 ] || {
			echo "fail cannot be killed: $left" >&3
			for p in $left; do
				$bb cat "/proc/$p/stack" > /dev/kmsg
			done
			break
		}
		# shellcheck disable=SC2086 # one word per process
		kill -9 $left 2>/dev/null
		n=$((n + 1))
		$bb usleep 100000
	done
	if [ -z "$left" ] && [ -z "$tty" ]; then
		# shellcheck disable=SC2086
		wait $relays
	fi
	return $r
}

# Sets left to the user processes other than this one and the relays; a zombie
# is none. No subshell, which would find itself, and no program to start, which
# takes its time in translated code.
processes()
{
	local p line

	left=
	for p in /proc/[0-9]*; do
		p=${p##*/}
		case " 1 $relays " in *" $p "*) continue ;; esac
		read -r line < "/proc/$p/stat" || continue
		# shellcheck disable=SC2086 # state is the first after the name, flags the seventh
		set -- ${line##*) }
		case $1 in Z|X) continue ;; esac
		[ $(($7 & 0x200000)) -ne 0 ] || left="$left $p"	# PF_KTHREAD
	done 2> /dev/null
}

# kmemleak believes in a leak when two scans have not found a reference, and
# looks at nothing younger than five seconds.
leaks()
{
	k=/sys/kernel/debug/kmemleak

	$bb sleep 6
	echo scan > $k
	$bb sleep 1
	echo scan > $k
	while read -r line; do
		echo "<4>kmemleak: $line" > /dev/kmsg
	done < $k
}

case ${1:-} in
stage2) stage2 ;;
*) stage1 ;;
esac
