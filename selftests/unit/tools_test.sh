#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tools_test.sh - what can be said about ckpt, rstr and ckptinfo without the module
#
# Usage: tools_test.sh [NAME...]	all tests, or those named; output is TAP
#
# The tools are built with AddressSanitizer and UBSan. Images come from mkimage.c; where a tool
# wants the module, fakedev.c stands for it, below tools without the sanitizers.
set -u

cd "$(dirname "$0")/../.." || exit 1
top=$PWD
asan=${CKPT_BUILD:-$top/build}/tools-asan
plain=${CKPT_BUILD:-$top/build}/tools-dynamic

make -s -C tools B="$asan" SANITIZE=address,undefined CFLAGS='-O1 -g' all helpers >&2 || exit 1
make -s -C tools B="$plain" STATIC= all helpers >&2 || exit 1

tmp=$(mktemp -d "${TMPDIR:-/tmp}/ckpt-tools.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
export ASAN_OPTIONS=detect_leaks=0:exitcode=99 UBSAN_OPTIONS=exitcode=99
PATH=$asan:$PATH
unset CKPT_VERSION
# Of the test that runs: its directory, complaints, and why it is skipped.
dir='' bad='' skip=''

# ---- help for the tests -------------------------------------------------------

# run COMMAND...: into $out, $err, $status
run()
{
	# Which only its owner may read: it may be an image.
	install -m 600 /dev/null "$dir/out"
	"$@" > "$dir/out" 2> "$dir/err"
	status=$?
	# bash grumbles about the NULs of an image.
	{ out=$(< "$dir/out"); } 2> /dev/null
	err=$(< "$dir/err")
}

# Each complaint is a line behind the result of the test.
complain() { bad+="# $*"$'\n'; }

is() { [ "$1" = "$2" ] || complain "$3: \"$1\", expected \"$2\""; }

has() { case $1 in *"$2"*) ;; *) complain "no \"$2\" in \"$1\"" ;; esac }

one_line()
{
	case $err in
	'') complain 'nothing on stderr' ;;
	*$'\n'*) complain "more than one line on stderr: $err" ;;
	esac
}

# fails STATUS WORDS: the last run failed so, with one line that has the words
fails()
{
	is "$status" "$1" "status ($err)"
	one_line
	has "$err" "$2"
}

# With the stand-in for the module.
fake() { LD_PRELOAD=$plain/fakedev.so "$@"; }

# wait_for COMMAND...: until it succeeds, 10 s at most
wait_for()
{
	local i

	for ((i = 0; i < 200; i++)); do
		"$@" > /dev/null 2>&1 && return
		sleep 0.05
	done
	complain "never came true: $*"
}

# ---- ckptinfo -------------------------------------------------------------------

test_info_variants()
{
	local variant words n=0

	while read -r variant words; do
		mkimage "$variant" > image
		for how in --verify --json ''; do
			run ckptinfo $how image
			if [ "$words" = - ]; then
				is "$status" 0 "$variant $how ($err)"
				is "$err" '' "$variant $how: stderr"
			else
				fails 1 "$words"
				is "$out" '' "$variant $how: stdout"
			fi
		done
		n=$((n + 1))
	done < <(mkimage --list)
	[ "$n" -gt 70 ] || complain "$n variants only"
}

test_info_through_a_pipe()
{
	run ckptinfo --verify < <(mkimage)
	is "$status" 0 "status ($err)"
	has "$out" 'OK 48 records, 10 pages'
	is "$(printf '%s\n' "$out" | wc -l)" 1 'lines'
	# What stands behind the trailer is not read.
	mkimage behind | { ckptinfo --verify > /dev/null; cat; } > rest
	is "$(cat rest)" more 'what follows the image'
}

test_info_truncated_at_records()
{
	local at record

	mkimage > image
	for record in $(mkimage --records < image); do
		for at in $((record - 1)) "$record" $((record + 1)) $((record + 32)); do
			[ "$at" -lt "$(stat -c %s image)" ] || continue
			head -c "$at" image > part
			run ckptinfo --verify part
			fails 1 truncated
			has "$err" "offset $at: "
		done
	done
	: > part
	run ckptinfo --verify part
	fails 1 'offset 0: the image is empty'
}

test_info_truncated_anywhere()
{
	local i at size

	mkimage > image
	size=$(stat -c %s image)
	RANDOM=1
	for ((i = 0; i < 100; i++)); do
		at=$(((RANDOM << 15 | RANDOM) % (size - 1) + 1))
		head -c "$at" image > part
		run ckptinfo part
		fails 1 "offset $at: the image is truncated"
	done
}

# One bit of the file is the other way round: nothing of an image goes unchecked.
test_info_bit_flips()
{
	local i at size byte

	mkimage > image
	size=$(stat -c %s image)
	RANDOM=2
	for ((i = 0; i < 200; i++)); do
		# Half of them where headers and messages are.
		at=$(((RANDOM << 15 | RANDOM) % size))
		[ $((i % 2)) = 0 ] || at=$((8272 + at % 8136))
		byte=$(od -An -tu1 -j"$at" -N1 image)
		cp image flipped
		# shellcheck disable=SC2059 # an escape is what the format is for
		printf "$(printf '\\%03o' $((byte ^ 1 << RANDOM % 8)))" |
			dd of=flipped bs=1 seek="$at" conv=notrunc status=none
		run ckptinfo --verify flipped
		is "$status" 1 "bit at $at: status ($err)"
		one_line
	done
}

# A record with right checksums and nonsense inside.
test_info_random_payloads()
{
	local i

	for ((i = 0; i < 200; i++)); do
		mkimage nonsense-$i > image
		run ckptinfo --verify image
		[ "$status" -le 1 ] || complain "nonsense-$i: status $status ($err)"
		run ckptinfo image
		[ "$status" -le 1 ] || complain "nonsense-$i: status $status ($err)"
	done
}

test_info_json()
{
	mkimage hostile-text > image
	run ckptinfo --json image
	is "$status" 0 status
	mv out json
	run python3 - <<-'EOF'
		import json
		d = json.load(open("json"))
		assert d["version"] == 2 and d["format"] == 2 and d["machine"] == "x86-64"
		assert d["pages"] == 10 and d["shmem_bytes"] == 8192 and d["pipe_bytes"] == 100
		p = d["processes"][0]
		assert p["process"]["pid"] == 4242 and len(p["threads"]) == 2
		assert p["tree"]["pid"] == [4242] and p["tree"]["tid"] == [4242, 4243]
		assert p["tree"]["mm"] == p["mm"]["id"] and p["tree"]["fs"] == p["fs"]["id"]
		assert p["users"] == {"mm": 1, "files": 1, "fs": 1, "sighand": 1}
		assert p["pages"] == 10 == sum(v["pages"] for v in p["vmas"])
		assert p["vmas"][2]["size"] == 1 << 40
		assert p["vmas"][1]["role"] == "[heap]" and p["vmas"][5]["role"] == "[stack]"
		assert p["threads"][1]["blocked"] == "0x8000000000000200"
		assert [f["fd"] for f in p["fds"]] == [0, 1, 2, 5, 6, 7, 1000]
		assert p["limits"][0] == {"resource": 7, "soft": 1024, "hard": "unlimited",
					  "name": "nofile"}
		assert d["files"][0]["path"]["path"] == "/usr/bin/\\xff\\x1b[31m\\\\\\x0a"
		assert d["needs"]["pids"] == [4242, 4243] and d["needs"]["terminal"] is True
	EOF
	is "$status" 0 "contents ($err)"
}

# What is no message of the schema has its word in the manual.
test_info_json_is_documented()
{
	local key page

	page=$(< "$top/Documentation/man/ckptinfo.1")
	mkimage > image
	for key in $(ckptinfo --json image | python3 -c 'import json, sys
d = json.load(sys.stdin)
print(*{*d, *d["processes"][0], *d["needs"]}, "pkeys", "seal_names")'); do
		grep -qw -- "$key" <<< "$page" || complain "ckptinfo.1 does not know $key"
	done
}

test_info_keeps_escapes_off_the_terminal()
{
	mkimage hostile-text > image
	run ckptinfo image
	is "$status" 0 status
	LC_ALL=C grep -q "[^ -~]" out && complain 'control characters in the output'
	has "$out" '\x1b[2J'
}

test_info_summary()
{
	mkimage > image
	run ckptinfo image
	is "$status" 0 status
	has "$out" '  4242 sample, 2 threads'
	has "$out" 'memory #22, descriptors #23, directory #24, signals #25'
	has "$out" 'process 4242 (sample)'
	has "$out" '2 threads, 10 pages (40.0 KiB)'
	has "$out" 'in nanosleep for another 1.20 s'
	has "$out" '600000000000-610000000000    1.0 TiB   12.0 KiB  rw-p'
	has "$out" '/dev/pts/3 (controlling terminal)'
	has "$out" '0x1234567891'
	has "$out" 'one-shot (fired)'
	has "$out" 'description  exclusive  10 to 19'
	has "$out" 'handler 0x555555554040 (siginfo restart) blocks TERM'
}

test_info_output_errors()
{
	mkimage > image
	run bash -c 'ckptinfo image > /dev/full'
	fails 1 'standard output: No space left'
	run bash -c 'ckptinfo --json image > /dev/full'
	fails 1 'standard output: No space left'
}

test_out_of_memory()
{
	PATH=$plain:$PATH
	FAKE_NO_MEMORY=1 run fake ckpt -o image 4194400
	fails 1 'ckpt: out of memory'
	FAKE_NO_MEMORY=1 run fake rstr -p pidfile < /dev/null
	fails 125 'rstr: out of memory'
}

# ---- all tools --------------------------------------------------------------------

test_help_and_version()
{
	local t

	for t in ckpt rstr ckptinfo; do
		run "$t" --help
		is "$status" 0 "$t --help: status"
		is "$err" '' "$t --help: stderr"
		has "$out" "Usage: $t"
		run "$t" --version
		is "$status" 0 "$t --version: status"
		has "$out" "$t $(sed -n 's/^CKPT_VERSION ?= //p' "$top/tools/Makefile")"
	done
}

# Every option of --help is in the manual and the completion, and the other way round.
test_options_are_documented()
{
	local t o page

	for t in ckpt rstr ckptinfo; do
		page=$(mandoc -T ascii "$top/Documentation/man/$t.1" 2>/dev/null ||
			man -l -T ascii "$top/Documentation/man/$t.1" 2>/dev/null)
		page=$(printf '%s' "$page" | sed 's/.\x08//g')
		for o in $("$t" --help | grep -o '^ .*' | grep -o -- ' --[a-z-]*'); do
			has "$page" "$o"
			grep -q -- "$o" "$top/tools/completions/$t.bash" ||
				complain "$t.bash does not know $o"
		done
		while read -r o; do
			"$t" --help | grep -q -- "$o" || complain "$t --help does not know $o"
		done < <(grep -o -- '--[a-z][a-z-]*' "$top/tools/completions/$t.bash")
	done
}

test_usage_errors()
{
	local args

	for args in '' 'x' '0' '-1' '99999999999' '1 2' '--nonsense 1' '-k -s 1' '-n -k 1' \
		'--timeout 0 1' '--timeout x 1' '--timeout nan 1' '--stall x 1' '1x' '-o'; do
		# shellcheck disable=SC2086 # several arguments
		run ckpt $args
		is "$status" 2 "ckpt $args: status"
		is "$out" '' "ckpt $args: stdout"
		has "$err" "Try 'ckpt --help'"
	done
	for args in 'x' '--nonsense' '-i'; do
		# shellcheck disable=SC2086
		run rstr $args
		is "$status" 125 "rstr $args: status"
		has "$err" "Try 'rstr --help'"
	done
	for args in '-j -c' 'a b' '--nonsense'; do
		# shellcheck disable=SC2086
		run ckptinfo $args
		is "$status" 2 "ckptinfo $args: status"
		has "$err" "Try 'ckptinfo --help'"
	done
}

test_module_missing()
{
	if [ -e /dev/ckpt ]; then
		skip='the module is loaded'
		return
	fi
	run ckpt 1
	fails 1 "ckpt: /dev/ckpt: no such device; load the module with 'modprobe ckpt'"
	run ckpt -o image 1
	fails 1 'modprobe ckpt'
	[ ! -e image ] || complain 'it left an image'
	run rstr < /dev/null
	fails 125 "rstr: /dev/ckpt: no such device; load the module with 'modprobe ckpt'"
	run rstr --new-pidns < /dev/null
	fails 125 "modprobe ckpt"
}

test_terminals_are_refused()
{
	local status

	script -qec "ckpt 1 2> err; echo \$? > status" /dev/null > /dev/null < /dev/null
	is "$(cat status)" 1 'ckpt: status'
	has "$(cat err)" 'an image is not for a terminal'
	script -qec "rstr 2> err; echo \$? > status" /dev/null > /dev/null < /dev/null
	is "$(cat status)" 125 'rstr: status'
	has "$(cat err)" 'does not come from a terminal'
	script -qec "ckptinfo 2> err; echo \$? > status" /dev/null > /dev/null < /dev/null
	is "$(cat status)" 1 'ckptinfo: status'
	has "$(cat err)" 'does not come from a terminal'
}

test_closed_descriptors()
{
	run bash -c 'ckpt 1 >&-'
	fails 1 'standard output is closed'
	run bash -c 'ckpt 1 1< /dev/null'
	fails 1 'not open for writing'
	run bash -c 'rstr <&-'
	fails 125 'standard input is closed'
	run bash -c 'rstr 0> /dev/null'
	fails 125 'not open for reading'
	run rstr -i "$dir/none"
	fails 125 'No such file'
	run rstr -i "$dir"
	fails 125 'Is a directory'
	run bash -c 'ckptinfo <&-'
	fails 1 'standard input is closed'
}

# ---- ckpt, with a stand-in for the module ------------------------------------------

test_ckpt_stdout()
{
	PATH=$plain:$PATH
	run fake ckpt 4194400
	is "$status" 0 "status ($err)"
	is "$err" '' stderr
	is "$(stat -c %s out)" 4096 'size of the image'
}

test_ckpt_reports_errors()
{
	PATH=$plain:$PATH
	FAKE_ERROR=95 run fake ckpt 4194400
	fails 1 'ckpt: pid 1234 (ja\x1bva) fd 7: io_uring instance is not supported; close it'
	FAKE_ERROR=95 FAKE_WHERE=2 run fake ckpt 4194400
	fails 1 'pid 1234 (ja\x1bva) address 0x7: '
	FAKE_ERROR=95 FAKE_WHERE=3 run fake ckpt 4194400
	fails 1 'pid 1234 (ja\x1bva) offset 7: '
	FAKE_ERROR=95 FAKE_WHERE=4 run fake ckpt 4194400
	fails 1 'pid 1234 (ja\x1bva) SIGBUS: '
	FAKE_ERROR=3 FAKE_MUTE=1 run fake ckpt 4194400
	fails 1 'ckpt: pid 4194400: No such process'
}

test_ckpt_broken_pipe_and_full_disk()
{
	PATH=$plain:$PATH
	run bash -c 'LD_PRELOAD=$0 FAKE_BYTES=1000000 FAKE_MS=100 ckpt 4194400 | true
		exit ${PIPESTATUS[0]}' \
		"$plain/fakedev.so"
	fails 1 'ckpt: pid 4194400: Broken pipe'
	run bash -c 'LD_PRELOAD=$0 ckpt --kill 4194400 > /dev/full' "$plain/fakedev.so"
	fails 1 'No space left'
}

test_ckpt_output_file()
{
	PATH=$plain:$PATH
	umask 022
	run fake ckpt -o image 4194400
	is "$status" 0 "status ($err)"
	is "$(stat -c '%s %a' image)" '4096 600' 'size and mode'
	echo old > image
	ln -s image link
	FAKE_BYTES=5000 run fake ckpt -o link 4194400
	is "$(readlink link)" image 'the link'
	is "$(stat -c %s image)" 5000 'size of the new image'
	FAKE_ERROR=28 FAKE_BYTES=9000 run fake ckpt -o image 4194400
	is "$status" 1 status
	is "$(stat -c %s image)" 5000 'size of the old image'
	run fake ckpt -o /dev/null 4194400
	is "$status" 0 "status with /dev/null ($err)"
	[ -c /dev/null ] || complain '/dev/null was replaced'
	run fake ckpt -o "$dir/none/image" 4194400
	fails 1 'No such file'
	run fake ckpt -o '' 4194400
	fails 1 'No such file'
	ln -s nowhere dangling
	run fake ckpt -o dangling 4194400
	fails 1 'dangling: No such file'
	[ -L dangling ] || complain 'the link was replaced'
	is "$(find . -name '.ckpt-*')" '' 'files left'
}

# What is written last would destroy what was written first.
test_files_are_not_the_same()
{
	PATH=$plain:$PATH
	export FAKE_LOG=$dir/log FAKE_PROGRAM=true
	ln -s image link
	run fake ckpt --kill -o image --stats ./image 4194400
	fails 1 'ckpt: --stats and the image cannot be the same file'
	echo old > image
	run fake ckpt --kill -o image --stats link 4194400
	fails 1 'cannot be the same file'
	run bash -c 'LD_PRELOAD=$0 ckpt --kill --stats image 4194400 >> image' "$plain/fakedev.so"
	fails 1 'cannot be the same file'
	run fake rstr -i image -p link
	fails 125 'rstr: --pidfile, --stats and the image cannot be the same file'
	run fake rstr --stats image < "$dir/link"
	fails 125 'cannot be the same file'
	run fake rstr -p a --stats a < image
	fails 125 'cannot be the same file'
	is "$(cat image)" old 'the image'
	[ ! -e log ] || complain "something was done: $(cat log)"
	run fake ckpt --stats /dev/null -o /dev/null 4194400
	is "$status" 0 "status with /dev/null ($err)"
	is "$(find . -name '.ckpt-*' -o -name a)" '' 'files left'
}

# Has the tool started, and is it in openat()?
in_open() { [ "$(cat "/proc/$1/comm")" = "$2" ] && grep -q '^257 ' "/proc/$1/syscall"; }

# Nothing has begun while nobody reads a named pipe.
test_waiting_for_a_reader()
{
	local tool pid

	PATH=$plain:$PATH
	mkfifo pipe
	echo image > image
	for tool in "ckpt -o pipe --stats stats 4194400" "rstr -i image -p pidfile --stats pipe"; do
		# shellcheck disable=SC2086 # several words
		LD_PRELOAD=$plain/fakedev.so env --default-signal $tool &
		pid=$!
		wait_for in_open "$pid" "${tool%% *}"
		kill -INT $pid
		(sleep 5; kill -KILL $pid) 2> /dev/null &
		wait $pid
		is $? 130 "status of $tool"
	done
	is "$(find . -name 'stats' -o -name pidfile -o -name '.ckpt-*')" '' 'files left'
}

test_ckpt_kill_and_stop_come_last()
{
	PATH=$plain:$PATH
	FAKE_LOG=$dir/log run fake ckpt --kill -o image 4194400
	is "$status" 0 "status ($err)"
	is "$(cat log)" $'checkpoint pid 4194400 flags 1 timeout 0\nrelease 2' 'what was asked for'
	rm log
	FAKE_LOG=$dir/log run fake ckpt --stop --shared-ok --timeout 2.5 4194400
	is "$(cat log)" $'checkpoint pid 4194400 flags 3 timeout 2500\nrelease 1' 'what was asked for'
	rm log
	# No image, no kill.
	mkdir directory
	FAKE_LOG=$dir/log FAKE_ERROR=28 run fake ckpt --kill -o image 4194400
	is "$(cat log)" 'checkpoint pid 4194400 flags 1 timeout 0' 'what was asked for'
	rm log
	FAKE_LOG=$dir/log run bash -c 'LD_PRELOAD=$0 ckpt --kill 4194400 > /dev/full' "$plain/fakedev.so"
	is "$(cat log)" 'checkpoint pid 4194400 flags 1 timeout 0' 'what was asked for'
	rm log
	FAKE_LOG=$dir/log run fake ckpt --dry-run 4194400
	is "$(cat log)" 'checkpoint pid 4194400 flags 4 timeout 0' 'what was asked for'
	is "$out" '' 'stdout of --dry-run'
}

test_ckpt_signals_clean_up()
{
	local sig pid

	PATH=$plain:$PATH
	for sig in TERM INT HUP; do
		# A shell has SIGINT ignored for what it starts in the background.
		FAKE_LOG=$dir/log FAKE_MS=20000 FAKE_BYTES=1000000 LD_PRELOAD=$plain/fakedev.so \
			env --default-signal ckpt --kill -o image --stats stats 4194400 2> err &
		pid=$!
		wait_for test -s log
		kill -$sig $pid
		wait $pid
		is $? $((128 + $(kill -l $sig))) "status after SIG$sig"
		is "$(find . -name 'image' -o -name '.ckpt-*' -o -name stats)" '' 'files left'
		is "$(cat log)" 'checkpoint pid 4194400 flags 1 timeout 0' 'what was asked for'
		rm -f log
	done
}

test_ckpt_sigusr1_tells()
{
	local pid

	PATH=$plain:$PATH
	FAKE_LOG=$dir/log FAKE_MS=1500 FAKE_BYTES=4000000 LD_PRELOAD=$plain/fakedev.so \
		ckpt -q 4194400 > /dev/null 2> err &
	pid=$!
	wait_for test -s log
	sleep 0.3
	kill -USR1 $pid
	wait $pid
	is $? 0 status
	err=$(cat err)
	one_line
	has "$err" 'ckpt: writing: 3 threads, '
	has "$err" 'iB/s'
}

test_ckpt_progress_bar()
{
	PATH=$plain:$PATH
	cat > job <<-EOF
		LD_PRELOAD=$plain/fakedev.so FAKE_MS=800 FAKE_BYTES=4000000 ckpt \$1 4194400 > /dev/null
	EOF
	script -qec "sh job" /dev/null > out < /dev/null
	has "$(cat out)" 'ckpt: writing '
	has "$(cat out)" '% ['
	script -qec "sh job -q" /dev/null > out < /dev/null
	is "$(cat out)" '' 'with -q'
	script -qec "sh job --no-progress" /dev/null > out < /dev/null
	is "$(cat out)" '' 'with --no-progress'
	FAKE_MS=800 FAKE_BYTES=4000000 run fake ckpt 4194400
	is "$err" '' 'where stderr is no terminal'
}

test_ckpt_stats()
{
	PATH=$plain:$PATH
	run fake ckpt -v --kill -o image --stats stats 4194400
	is "$status" 0 "status ($err)"
	has "$err" 'pid 4194400: 3 threads, 12,345 pages, image of 4.0 KiB'
	has "$err" 'frozen for 5.00 ms, of that 400 us to come to rest and 1.10 ms for the snapshot'
	run python3 -c 'import json; assert json.load(open("stats")) == {"version": 1, "pid": 4194400,
		"tasks": 3, "frozen_ns": 5000000, "park_ns": 400000, "snapshot_ns": 1100000,
		"wall_ns": 213100000, "pages": 12345, "image_bytes": 4096}'
	is "$status" 0 "contents ($err)"
	run fake ckpt --stats "$dir/none/stats" 4194400
	fails 1 'No such file'
	is "$out" '' 'an image'
	# Too late to call it a failure.
	run fake ckpt --kill -o image --stats /dev/full 4194400
	fails 0 'ckpt: /dev/full: No space left'
}

# shellcheck source=selftests/unit/tools_rstr.sh
. "$top/selftests/unit/tools_rstr.sh"
# shellcheck source=selftests/unit/tools_output.sh
. "$top/selftests/unit/tools_output.sh"

# ---- what is installed ------------------------------------------------------------

test_install_and_uninstall()
{
	local f

	run make -s -C "$top" install-tools B="$plain" STATIC= DESTDIR="$dir/root" prefix=/usr
	is "$status" 0 "install ($err)"
	for f in bin/ckpt bin/rstr bin/ckptinfo share/man/man1/ckpt.1 share/man/man1/rstr.1 \
		share/man/man1/ckptinfo.1 share/man/man4/ckpt.4 lib/udev/rules.d/70-ckpt.rules \
		lib/sysusers.d/ckpt.conf share/bash-completion/completions/ckpt \
		share/bash-completion/completions/rstr share/bash-completion/completions/ckptinfo; do
		[ -s "$dir/root/usr/$f" ] || complain "/usr/$f is missing"
	done
	run make -s -C "$top" uninstall B="$plain" DESTDIR="$dir/root" prefix=/usr
	is "$(find "$dir/root" -type f)" '' 'files left'
}

test_other_flags_link_anew()
{
	local b=$dir/build

	run make -s -C "$top/tools" B="$b" LDLIBS= "$b/rstr"
	run make -s -C "$top/tools" B="$b" LDLIBS= "$b/rstr"
	is "$status" 0 "status ($err)"
	is "$out" '' 'made again without a reason'
	run make -s -C "$top/tools" B="$b" STATIC= LDFLAGS=-Wl,--build-id=none "$b/rstr"
	is "$status" 0 "status ($err)"
	readelf -l "$b/rstr" | grep -q INTERP || complain 'it is static'
	readelf -n "$b/rstr" | grep -q build-id && complain 'LDFLAGS are as they were'
}

test_manual_is_clean()
{
	local f

	for f in "$top"/Documentation/man/*.[14]; do
		if command -v mandoc > /dev/null; then
			run mandoc -T lint -W warning "$f"
			is "$status" 0 "$f ($out)"
		fi
		if command -v groff > /dev/null; then
			run groff -man -Tutf8 -ww -z "$f"
			is "$err" '' "$f"
		fi
	done
}

test_completion_loads()
{
	local t

	for t in ckpt rstr ckptinfo; do
		run bash -u -c ". '$top/tools/completions/$t.bash'; COMP_WORDS=($t --he) COMP_CWORD=1
			\$(complete -p $t | sed 's/.*-F \([a-z_]*\).*/\1/') $t --he $t
			echo \"\${COMPREPLY[*]}\""
		is "$status" 0 "$t ($err)"
		is "${out% }" --help "$t --he<TAB>"
	done
}

# ---- all of them -------------------------------------------------------------------

if [ $# -gt 0 ]; then
	tests=("${@/#/test_}")
else
	mapfile -t tests < <(sed -n 's/^\(test_[a-z0-9_]*\)()$/\1/p' "$top/selftests/unit/tools_test.sh" \
		"$top/selftests/unit/tools_rstr.sh" "$top/selftests/unit/tools_output.sh")
fi
for name in "${tests[@]}"; do
	declare -F "$name" > /dev/null || { echo "there is no test ${name#test_}" >&2; exit 2; }
done
echo "TAP version 13"
echo "1..${#tests[@]}"
failed=0
for ((i = 0; i < ${#tests[@]}; i++)); do
	name=${tests[i]#test_}
	mkdir "$tmp/work" && cd "$tmp/work" || exit 1
	# A test may change the environment, but not the one of the next.
	if result=$(
		# shellcheck disable=SC2030 # on purpose
		dir=$PWD
		"${tests[i]}" > /dev/null
		[ -z "$skip" ] || echo "skip $skip"
		printf '%s' "$bad"
		[ -z "$bad" ]
	); then
		case $result in
		skip*) echo "ok $((i + 1)) - tools: ${name//_/ } # SKIP ${result#skip }" ;;
		*) echo "ok $((i + 1)) - tools: ${name//_/ }" ;;
		esac
	else
		failed=$((failed + 1))
		echo "not ok $((i + 1)) - tools: ${name//_/ }"
		printf '%s\n' "$result" | head -20
	fi
	cd "$tmp" && rm -rf "$tmp/work"
done
[ "$failed" = 0 ]
