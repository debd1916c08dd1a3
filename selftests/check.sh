#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh - all tests: "make check"
#
# From a fresh clone on a bare Debian machine to one line that says how many passed: installs what
# is missing, gets the kernels, builds, tests on the host what can be tested there and the rest in
# virtual machines. Needs no terminal, asks nothing. Every step writes a log; what it counts is
# what it prints as TAP, or for a step that does not, whether it succeeded.
set -u

usage()
{
	cat <<'END'
Usage: check.sh [--quick|--debug|--real|--long] [--jobs N]

  --quick   one kernel (6.1) and fewer rounds; below 10 minutes
  --debug   the suites on the debug kernel (KASAN, lockdep, kmemleak...) and nothing else
  --real    real programs alone, all of them, each at 20 moments on each kernel; hours
  --long    what there is no time for otherwise: the suites with the programs of Debian 13 on
            6.12 and 7, all kinds of processors on each kernel, and programs that have very
            many of one thing; hours
  --jobs N  steps at a time, once all is built; default 2, and never more than two machines

Closes with "N passed, N failed, N skipped"; exit status 1 if something failed or could not be run.
Logs are in build/check/.
END
}

# ---- in the virtual machine -----------------------------------------------------------

# What depends on the processor; it has to be quick, for it is done on many of them.
on_processor=(regs address pkey vdso thread.one thread.ten thread.rseq thread.robust_list mem.anonymous
	mem.working mem.protections signal.in_a_handler signal.altstack signal.pending_threads)
# What depends on the C library, or on what the kernel has for it.
in_tree=("${on_processor[@]}" thread timer.library_thread timer.thread_directed syscall.sleeps
	syscall.futex_timeouts seccomp.filters attr.credentials_of_threads file.positions unlinked.one_file
	mem.mmap_works mem.maps_same mem.brk_grows tty)

# The session of "make demo", and what must come of it.
# shellcheck disable=SC2317 # called by guest
demo()
{
	local out status

	echo 'TAP version 13'
	echo 1..1
	out=$(script -qefc selftests/demo-guest.sh /dev/null < /dev/null 2>&1)
	status=$?
	echo "$out" | sed 's/\r*$//; s/.*\r//; s/^/# /'
	if [ "$status" = 0 ] && [ "$(grep -c 'counts: [1-6]' <<< "$out")" = 6 ]; then
		echo 'ok 1 demo'
	else
		echo "# exit status $status"
		echo 'not ok 1 demo'
		return 1
	fi
}

# guest PART RUN-OPTION...: the suites, or a part of them, in one boot. run.py takes the subjects;
# the others have drivers of their own.
#
# Before and behind that, what the first options ask for: --save NAME, --load NAME [--refused WHY],
# see hop.py.
guest()
{
	local part=$1 status=0 suites=() suite load=()

	shift
	while :; do
		case ${1-} in
		--save) selftests/hop.py save --as "$2" || status=1 ;;
		--load) load=(selftests/hop.py load --from "$2") ;;
		--refused) load+=(--refused "$2") ;;
		*) break ;;
		esac
		shift 2
	done
	case $part in
	all|rest) suites=(selftests/options/{run,files,rights,streams,pressure,freezer} selftests/faults.sh selftests/real/run) ;;
	# With the programs of the kernel's own release, the rest is another machine's.
	kernel) suites=(selftests/options/{run,files,rights,streams,pressure,freezer} selftests/faults.sh) ;;
	tree) suites=(demo selftests/real/run); set -- "$@" "${in_tree[@]}" ;;
	processor) set -- "$@" "${on_processor[@]}" ;;
	esac
	[ "$part" = rest ] || selftests/run.py "$@" || status=1
	for suite in "${suites[@]}"; do
		$suite || status=1
	done
	[ ${#load[@]} = 0 ] || "${load[@]}" || status=1
	return $status
}

# ---- what to do ---------------------------------------------------------------------------

mode=full
jobs=2
while [ $# -gt 0 ]; do
	case $1 in
	--quick) mode=quick ;;
	--debug) mode=debug ;;
	--real) mode=real ;;
	--long) mode=long ;;
	--jobs) jobs=${2-}; shift ;;
	--guest) shift; cd "$(dirname "$0")/.." && guest "$@"; exit ;;
	-h|--help) usage; exit ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
case $jobs in ''|*[!0-9]*|0) usage >&2; exit 2 ;; esac

cd "$(dirname "$0")/.." || exit 1
top=$PWD
# Nothing of the caller's make, nor of its surroundings, is to show in the results.
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR prefix CKPT_VERSION CFLAGS CPPFLAGS LDFLAGS
export LC_ALL=C.UTF-8 PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME
umask 022
build=${CKPT_BUILD:-$top/build}
logs=$build/check
rm -rf "$logs"
mkdir -p "$logs" || exit 1
# So that nobody adds it by mistake, wherever it is.
[ -e "$build/.gitignore" ] || echo '*' > "$build/.gitignore"
shown=${logs#"$top"/}

# ---- how to show it ---------------------------------------------------------------------------

red='' green='' dim='' normal='' status_line=
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]; then
	red=$'\e[31m' green=$'\e[32m' dim=$'\e[2m' normal=$'\e[m' status_line=yes
fi

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }
unstatus() { [ -z "$status_line" ] || printf '\r\e[K'; }

passed=0 failed=0 skipped=0 second=0
recap=()
declare -A title=() kind=() limit=() command=() began=() pid=()

# The last words of a log, for a step that has no better ones.
tail_of()
{
	tr '\r' '\n' < "$1" | grep -avE '^[[:space:]]*$|^ok ' | tail -n "${2:-12}" | cut -c 1-200
}

# tally ID STATUS: count what the log of a finished step has, and tell
tally()
{
	local id=$1 status=$2 log=$logs/$1.log bad=$logs/$1.failed p=0 f=0 s=0 colour=$green text why=
	local again=0
	local took=$((SECONDS - ${began[$1]})) line

	: > "$bad"
	case $status in
	0|1) ;;
	124|137) why="not done after $(clock "$took")" ;;
	*) why="exit status $status" ;;
	esac
	if [ "${kind[$id]}" = tap ]; then
		# A failure has its notes before it, after it, or both. Documents may follow each
		# other, with their plans in front or behind, so plans and results are compared as
		# sums.
		read -r p f s planned again < <(tr '\r' '\n' < "$log" | awk -v bad="$bad" '
			/^not ok / && /# (TODO|todo)/ { s++; notes = before = 0; next }
			/^not ok / {
				f++
				notes = 12
				sub(/^not ok [0-9]*( -)? */, "")
				print "not ok " $0 > bad
				for (i = before > 12 ? before - 12 : 0; i < before; i++)
					print note[i % 12] > bad
				before = 0
				next
			}
			/^ok / { if (/# *[Ss][Kk][Ii][Pp]/) s++; else p++; notes = before = 0; next }
			/^1\.\.[0-9]+/ { planned += substr($1, 4); plans++; notes = before = 0; next }
			/^Bail out!/ { f++; print "not ok " $0 > bad; next }
			/^# [0-9]+ passed at the second try$/ { again += $2 }
			/^#/ && notes > 0 { notes--; print substr($0, 1, 200) > bad; next }
			/^#/ { note[before++ % 12] = substr($0, 1, 200) }
			END { print p + 0, f + 0, s + 0, plans ? planned : -1, again + 0 }')
		if [ $((p + f + s)) = 0 ]; then
			why=${why:-no results}
		elif [ -z "$why" ] && [ "$planned" -ge 0 ] && [ "$planned" != $((p + f + s)) ]; then
			why="$((p + f + s)) results, $planned were planned"
		elif [ "$status" != 0 ] && [ "$f" = 0 ]; then
			why=${why:-exit status $status}
		fi
		text="$p passed"
		[ "$again" = 0 ] || text="$text ($again at the second try)"
	elif [ "$status" = 0 ]; then
		p=1
		text=ok
	else
		why=${why:-failed}
		text=
	fi
	if [ -n "$why" ]; then
		f=$((f + 1))
		{
			echo "not ok $why"
			tail_of "$log" 20 | sed 's/^/# /'
		} >> "$bad"
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	second=$((second + again))
	if [ "$f" -gt 0 ]; then
		text="${text:+$text, }$f failed"
		colour=$red
	fi
	[ "$s" = 0 ] || text="$text, $s skipped"

	unstatus
	printf '%s%6s%s  %-26s %s%s%s %s(%s)%s\n' "$dim" "$(clock $SECONDS)" "$normal" "${title[$id]}" \
		"$colour" "$text" "$normal" "$dim" "$(clock "$took")" "$normal"
	[ "$f" = 0 ] || {
		# A step may fail in many ways at once; the log has them all.
		head -n 120 "$bad" | while IFS= read -r line; do
			case $line in
			'not ok '*) printf '        %s%s%s\n' "$red" "$line" "$normal" ;;
			*) printf '          %s\n' "${line#\# }" ;;
			esac
		done
		echo "        see $shown/$id.log"
		while IFS= read -r line; do
			recap+=("${title[$id]}: ${line#not ok }")
		done < <(grep '^not ok ' "$bad")
	}
}

finish()
{
	local line

	unstatus
	if [ ${#recap[@]} -gt 0 ]; then
		echo
		echo 'Failed:'
		for line in "${recap[@]:0:100}"; do
			echo "  $line"
		done
		[ ${#recap[@]} -le 100 ] || echo "  and $((${#recap[@]} - 100)) more"
	fi
	echo
	[ "$second" = 0 ] || echo "$second passed at the second try: they measure time"
	echo "$passed passed, $failed failed, $skipped skipped"
	trap - EXIT
	[ "$failed" = 0 ] && [ "$passed" != 0 ]
	exit
}

# shellcheck disable=SC2317 # called by trap
stop()
{
	trap - EXIT INT TERM HUP
	unstatus
	# timeout(1) passes it on to all that it has started.
	[ ${#pid[@]} -eq 0 ] || kill "${pid[@]}" 2> /dev/null
	wait
	failed=$((failed + 1))
	recap+=('interrupted')
	finish
}
trap stop INT TERM HUP

# ---- steps ----------------------------------------------------------------------------------------

# step ID KIND SECONDS TITLE COMMAND...: describe one. KIND is tap, or plain: passed if it succeeds
step()
{
	local id=$1

	kind[$id]=$2 limit[$id]=$3 title[$id]=$4
	shift 4
	command[$id]=$(printf '%q ' "$@")
}

start() # ID
{
	began[$1]=$SECONDS
	timeout -k 20 "${limit[$1]}" bash -c "${command[$1]}" > "$logs/$1.log" 2>&1 < /dev/null &
	pid[$1]=$!
}

# One after the other, up to $1 at a time: both cores are busy, and the order is kept.
run()
{
	local at_once=$1 id status told=$SECONDS spin=0 done_one

	shift
	while [ $# -gt 0 ] || [ ${#pid[@]} -gt 0 ]; do
		while [ $# -gt 0 ] && [ ${#pid[@]} -lt "$at_once" ]; do
			start "$1"
			shift
		done
		done_one=
		for id in "${!pid[@]}"; do
			if ! kill -0 "${pid[$id]}" 2> /dev/null; then
				wait "${pid[$id]}"
				status=$?
				unset "pid[$id]"
				tally "$id" $status
				last_status=$status
				told=$SECONDS
				done_one=yes
			fi
		done
		[ -z "$done_one" ] || continue
		sleep 0.2
		spin=$(((spin + 1) % 5))
		if [ -n "$status_line" ]; then
			[ $spin != 0 ] || printf '\r\e[K%6s  %s' "$(clock $SECONDS)" "$(busy)"
		elif [ $((SECONDS - told)) -ge 300 ]; then
			# Who reads along without a terminal wants to know that it is alive.
			printf '%6s  ... %s\n' "$(clock $SECONDS)" "$(busy)"
			told=$SECONDS
		fi
	done
}

busy()
{
	local id n text=

	for id in "${!pid[@]}"; do
		text="${text:+$text; }${title[$id]}"
		if [ "${kind[$id]}" = tap ]; then
			n=$(grep -acE '^(not )?ok ' "$logs/$id.log")
			[ "$n" = 0 ] || text="$text ($n)"
		fi
	done
	echo "$text"
}

# For a step without which the rest makes no sense.
need()
{
	run 1 "$1"
	[ "$last_status" = 0 ] || finish
}

# Compilers, sparse and modpost have their ways to complain; -Werror covers the first only.
# shellcheck disable=SC2016 # expanded by the shell that runs it
no_warnings='log=$(mktemp) || exit 2; trap "rm -f $log" EXIT; "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}; if grep -qE "(warning|error):|WARNING|ERROR" "$log"; then exit 1; fi
exit $status'

quiet_make() { step "$1" plain "$2" "$3" make --no-print-directory -C "${@:4}"; }

module() # K SECONDS
{
	step "module-$1" plain "$2" "module on $1" bash -c "$no_warnings" sh \
		selftests/kernels.sh build "$1" W=1 C=2
}

# machine PART K SECONDS VM-OPTION... -- RUN-OPTION...: the suites on a kernel, see guest(); if
# $quick, CKPT_QUICK tells those which take random samples to take few; if $every, CKPT_EVERY to
# take none, see image_schema_test.c
machine()
{
	local part=$1 k=$2 t=$3 id=vm-$2 what=suites options=()

	shift 3
	case $part in
	all|kernel) ;;
	tree) id=vm-$k-$part what="Debian 13" ;;
	*) id=vm-$k-$part what=$part ;;
	esac
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	# vm.sh knows best how to end a machine; this is in case it cannot.
	step "$id" tap $((t + 120)) "$what on $k" \
		env ${quick:+CKPT_QUICK=1} ${every:+CKPT_EVERY=1} \
		selftests/vm.sh -k "$k" -t "$t" "${options[@]}" -- \
		selftests/check.sh --guest "$part" "$@"
}

# Processors, each with what subjects of a machine with all that can be emulated are to find there,
# and the options of vm.sh. From a disk, the kernel makes page tables of five levels.
processors=(qemu64 noxsave nopku one-cpu la57 nosmap)
declare -A processor=(
	[qemu64]='refused -C qemu64'
	[noxsave]='refused -A noxsave'
	[nopku]='refused -A nopku'
	[one-cpu]='started -c 1'
	[la57]='started -K'
	[nosmap]='started -A nosmap'
)

# on_processors K NAME...: describe the steps, and add them to $machines. Another machine has to
# save its subjects as K.
on_processors()
{
	local k=$1 name what options load

	shift
	for name; do
		read -r what options <<< "${processor[$name]}"
		load=(--load "$k")
		[ "$what" = started ] || load+=(--refused processor)
		# shellcheck disable=SC2086 # one word per option
		step "vm-$k-$name" tap 600 "$name on $k" selftests/vm.sh -k "$k" -m 1G -t 540 \
			-w "$carried" $options -- selftests/check.sh --guest processor \
			"${load[@]}" --rounds 1 --mode kill-restart
		machines+=("vm-$k-$name")
	done
}

echo "Logs: $shown/"
echo

# What one machine saves for others: see hop.py.
carried=$logs/carried
mkdir -p "$carried"

packages=(module tools vm check)
# The programs of Debian 13 are tried too where they are not the machine's own, if they come with a
# C library for which what is built here is not too new.
tree=
if [ "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" = bookworm ]; then
	case $mode in full|long) tree=trixie; packages+=(tree) ;; esac
fi
kernels=(6.1 6.12 7)
case $mode in
quick) kernels=(6.1) ;;
debug) kernels=(6.1); packages+=(debug) ;;
real) packages+=(real) ;;
esac

step packages plain 1800 'packages' selftests/setup.sh "${packages[@]}"
step kernels plain 1800 'kernels' bash -c \
	'selftests/kernels.sh fetch "$@" && selftests/kernels.sh source && selftests/qemu.sh' sh "${kernels[@]}"
quiet_make tools 300 'tools' tools all helpers
quiet_make programs 300 'test programs' selftests all
step tree plain 1800 'programs of Debian 13' selftests/tree.sh trixie
need packages
need kernels

if [ $mode = debug ]; then
	step debug-kernel plain 14400 'debug kernel' selftests/debug-kernel.sh
	module debug 1200
	# An hour and more, in two machines; the longer part first.
	for part in subjects rest; do
		quick=yes machine $part debug 14400 -m 4G -l -- --jobs 1 --rounds 1 --mode either
	done
	export CKPT_PATIENCE=${CKPT_PATIENCE:-600}
	need debug-kernel
	need tools
	need programs
	need module-debug
	[ "$jobs" -le 2 ] || jobs=2
	run "$jobs" vm-debug-subjects vm-debug-rest
	finish
fi

kernels=("${kernels[@]/#7/$(selftests/kernels.sh name 7 2> /dev/null || echo 7)}")
need tools
need programs

if [ $mode = real ]; then
	for k in "${kernels[@]}"; do
		module "$k" 900
		need "module-$k"
		step "real-$k" tap 14520 "real programs on $k" selftests/vm.sh -k "$k" -t 14400 -- \
			selftests/real/run --all --moments "${CKPT_MOMENTS:-20}"
	done
	[ "$jobs" -le 2 ] || jobs=2
	run "$jobs" "${kernels[@]/#/real-}"
	finish
fi

if [ $mode = long ]; then
	[ -z "$tree" ] || need tree
	machines=()
	saving=()
	for k in "${kernels[@]}"; do
		module "$k" 900
		need "module-$k"
		step "save-$k" tap 300 "subjects for others on $k" selftests/vm.sh -k "$k" -m 1G \
			-t 240 -w "$carried" -- selftests/hop.py save --as "$k"
		on_processors "$k" "${processors[@]}"
		saving+=("save-$k")
		case $k in
		6.1) ;;
		*)
			every=yes machine all "$k" 7200 -m 2G ${tree:+-r "$tree"} -- --rounds 2
			machines=("vm-$k" "${machines[@]}")
			;;
		esac
	done
	step scale tap 14520 'very many of each kind' env CKPT_LONG=1 \
		selftests/vm.sh -k 6.12 -m 4G -t 14400 -- selftests/scale/run
	[ "$jobs" -le 2 ] || jobs=2
	run "$jobs" "${saving[@]}"
	run "$jobs" scale "${machines[@]}"
	finish
fi

quiet_make unit 600 'codec and schema' selftests/unit run
kind[unit]=tap
step tools-test tap 900 'tools without the module' selftests/unit/tools_test.sh
step schema plain 60 'generated code' uapi/gen_schema.sh --check
step lint tap 600 'lint' selftests/lint.sh
quiet_make fuzz-codec 600 'fuzz the codec' selftests/fuzz run FUZZ_SECONDS=15
quiet_make fuzz-image 600 'fuzz the image reader' tools fuzz FUZZ_SECONDS=15

machines=()
before=
part=all
[ -z "$tree" ] || part=kernel
for k in "${kernels[@]}"; do
	module "$k" 900
	run 1 "module-$k"
	if [ "$last_status" != 0 ]; then
		recap+=("suites on $k: not run, there is no module")
		failed=$((failed + 1))
		continue
	fi
	# The machine with another kernel that started before this one has saved its subjects.
	hop=(--save "$k" ${before:+--load "$before" --refused kernel})
	before=$k
	# One kernel is tried at many moments, the others show that it is the same there.
	case $mode,$k in
	full,6.1) quick='' machine all "$k" 3000 -m 2G -w "$carried" -- "${hop[@]}" --rounds 2 ;;
	full,*)
		quick=yes machine "$part" "$k" 2400 -m 2G -w "$carried" -- "${hop[@]}" \
			--rounds 1 --mode either
		[ -z "$tree" ] || quick=yes machine tree "$k" 1200 -m 2G -r "$tree" -- \
			--rounds 1 --mode either
		;;
	quick,*) quick=yes machine all "$k" 1200 -m 2G -- --rounds 1 --mode either ;;
	esac
	machines+=("vm-$k")
	case $mode,$k in
	quick,*|*,6.1) ;;
	*) [ -z "$tree" ] || machines+=("vm-$k-tree") ;;
	esac
done
if [ $mode = full ] && [[ " ${machines[*]} " == *" vm-$k "* ]]; then
	# The newest kernel, which the loop above was at last, on two processors that are far from
	# what all the others are tested on. They start when vm-$k has.
	on_processors "$k" qemu64 la57
fi

# The longest first: beside it goes what runs on the host, then the other machines.
host=(${tree:+tree} unit schema lint fuzz-codec fuzz-image)
if [ $mode = quick ]; then
	host=(tools-test "${host[@]}")
else
	# Its job control has to be in time: where there is time, it does without company.
	run 1 tools-test
fi
[ "$jobs" -le 2 ] || jobs=2
run "$jobs" ${machines[0]+"${machines[0]}"} "${host[@]}" ${machines[@]+"${machines[@]:1}"}
finish
