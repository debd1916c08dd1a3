#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tools_rstr.sh - the part of tools_test.sh that is about rstr, with a stand-in for the module
# shellcheck disable=SC2154 # what tools_test.sh has set

# Both ways of standing in for a program: as its parent, and with an init in between.
ways()
{
	echo --no-progress
	[ "$(id -u)" != 0 ] || ! unshare --pid --fork true 2>/dev/null || echo --new-pidns
}

test_rstr_ends_like_the_program()
{
	local way

	PATH=$plain:$PATH
	echo image > image
	for way in $(ways); do
		FAKE_PROGRAM='echo out; echo err >&2; exit 7' run fake rstr "$way" < image
		is "$status $out $err" '7 out err' "$way"
		# shellcheck disable=SC2016
		FAKE_PROGRAM='kill -TERM $$' run fake rstr "$way" -i image
		is "$status" 143 "$way: status after SIGTERM"
		ulimit -c unlimited
		# shellcheck disable=SC2016
		FAKE_PROGRAM='ulimit -c 0; kill -SEGV $$' run fake rstr "$way" < image
		is "$status" 139 "$way: status after SIGSEGV"
		is "$(find . -name 'core*')" '' 'cores'
	done
}

test_rstr_failures_are_125()
{
	local way

	PATH=$plain:$PATH
	echo image > image
	for way in $(ways); do
		FAKE_ERROR=116 run fake rstr "$way" -p pidfile --stats stats < image
		fails 125 'rstr: pid 1234 (ja\x1bva) fd 7: io_uring instance is not supported; close it'
		FAKE_ERROR=74 FAKE_MUTE=1 run fake rstr "$way" < image
		fails 125 'rstr: cannot restart: Bad message'
	done
	is "$(find . -name 'pidfile' -o -name stats -o -name '.ckpt-*')" '' 'files left'
}

# The first bytes of an image are those of a section, too; input that ends within them is neither.
test_rstr_ends_with_its_input()
{
	local n

	PATH=$plain:$PATH
	for n in 1 4 7; do
		printf '\x89CKPS\r\n\x1a' | head -c $n > short
		FAKE_ERROR=74 FAKE_MUTE=1 run fake timeout 10 rstr < short
		fails 125 'rstr: cannot restart: Bad message'
		FAKE_ERROR=74 FAKE_MUTE=1 run fake timeout 10 rstr < <(cat short)
		fails 125 'rstr: cannot restart: Bad message'
		# The rest comes late.
		FAKE_ERROR=74 FAKE_MUTE=1 run fake timeout 10 rstr < <(cat short; sleep 0.2; echo rest)
		fails 125 'rstr: cannot restart: Bad message'
	done
}

test_rstr_detach()
{
	local way pid

	PATH=$plain:$PATH
	echo image > image
	for way in $(ways); do
		# A pipe shows whether rstr or its init holds on to the descriptors.
		# shellcheck disable=SC2016
		FAKE_LOG=$dir/log FAKE_PROGRAM='exec > /dev/null 2>&1; sleep 0.5; echo on > done' \
			run fake rstr "$way" -d -p pidfile < image
		is "$status" 0 "$way: status ($err)"
		is "$err" '' "$way: stderr"
		is "$(head -1 log)" 'restart flags 1 tty no' "$way: what was asked for"
		[ ! -e 'done' ] || complain "$way: it waited"
		pid=$(cat pidfile)
		[ -d "/proc/$pid" ] || complain "$way: no process $pid"
		wait_for test -s 'done'
		rm -f 'done' log pidfile
	done
}

test_rstr_stats()
{
	PATH=$plain:$PATH
	echo image > image
	FAKE_PROGRAM=true run fake rstr -v --stats stats -p pidfile < image
	is "$status" 0 status
	has "$err" '1 thread, 12,345 pages in 120 ms'
	run python3 -c 'import json; d = json.load(open("stats"))
assert d == {"version": 1, "pid": int(open("pidfile").read()), "tasks": 1,
	     "wall_ns": 120000000, "pages": 12345, "image_bytes": 6}, d'
	is "$status" 0 "contents ($err)"
}

test_rstr_without_a_listener()
{
	local way

	PATH=$plain:$PATH
	echo image > image
	for way in $(ways); do
		run bash -c 'LD_PRELOAD=$0 FAKE_LATE_MS=200 FAKE_PROGRAM="sleep 0.5; exit 7" \
			rstr '"$way"' -v -i image 2>&1 >&3 3>&- | true; exit ${PIPESTATUS[0]}' \
			"$plain/fakedev.so" 3> /dev/null
		is "$status" 7 "$way: status"
		# shellcheck disable=SC2016
		FAKE_PROGRAM='kill -PIPE $$' run fake rstr "$way" -i image
		is "$status" 141 "$way: status after SIGPIPE"
	done
}

# A debugger that does not look: rstr cannot have the status, and is to wait in peace.
test_rstr_program_held_by_a_tracer()
{
	local way

	PATH=$plain:$PATH
	echo image > image
	for way in $(ways); do
		WAY=$way FAKEDEV=$plain/fakedev.so run python3 - <<-'EOF'
			import ctypes, os, signal, subprocess, sys, time
			PTRACE_SEIZE = 0x4206
			rstr = subprocess.Popen(["rstr", os.environ["WAY"], "-p", "pid", "-i", "image"],
						env=dict(os.environ, FAKE_PROGRAM="exec sleep 60",
							 LD_PRELOAD=os.environ["FAKEDEV"]))
			while not os.path.exists("pid"):
			    time.sleep(0.05)
			pid = int(open("pid").read())
			os.unlink("pid")
			libc = ctypes.CDLL(None, use_errno=True)
			if libc.ptrace(PTRACE_SEIZE, pid, 0, 0):
			    sys.exit("ptrace: " + os.strerror(ctypes.get_errno()))
			os.kill(pid, signal.SIGKILL)
			def stat(pid):
			    return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
			parent = stat(pid)[1]
			def used():
			    fields = stat(parent)
			    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
			was = used()
			time.sleep(1)
			if used() - was > 0.5 or rstr.poll() is not None:
			    sys.exit(f"{used() - was} s of work, status {rstr.poll()}")
			os.waitpid(pid, 0)
			status = rstr.wait(10)
			if status != -signal.SIGKILL:
			    sys.exit(f"status {status}")
		EOF
		is "$status" 0 "$way: $err"
	done
}

nobody_holds() { [ -z "$(find /proc/[0-9]*/fd -lname "$1" 2> /dev/null)" ]; }

# While the program runs: neither the image, nor what a caller waits for the end of.
test_rstr_holds_on_to_nothing()
{
	local way pid

	PATH=$plain:$PATH
	echo image > image
	for way in $(ways); do
		FAKE_PROGRAM='exec < /dev/null; while [ ! -e end ]; do sleep 0.1; done' \
			LD_PRELOAD=$plain/fakedev.so rstr "$way" -p pidfile < image &
		pid=$!
		wait_for test -s pidfile
		wait_for nobody_holds "$dir/image"
		touch end
		wait $pid
		is $? 0 "$way: status"
		rm -f end pidfile
	done
	for way in $(ways); do
		timeout 5 cat < <(
			export FAKE_PROGRAM='exec 9>&-; while [ ! -e end ]; do sleep 0.1; done'
			fake rstr "$way" -d < image 9>&1 > /dev/null 2>&1
		)
		is $? 0 "$way: status of who waits"
		touch end
		sleep 0.2
		rm end
	done
}

test_rstr_flags()
{
	PATH=$plain:$PATH
	echo image > image
	FAKE_LOG=$dir/log FAKE_PROGRAM=true run fake rstr --accept-changed-files --truncate-files < image
	is "$(head -1 log)" 'restart flags 6 tty no' 'what was asked for'
	FAKE_LOG=$dir/log2 FAKE_PROGRAM=true run fake rstr --accept-other-files < image
	is "$(head -1 log2)" 'restart flags 16 tty no' 'what was asked for'
}

# The program may get to run before the ioctl returns: a signal then is for the program.
test_rstr_hands_on_signals()
{
	local way sig pid

	PATH=$plain:$PATH
	echo image > image
	for way in $(ways); do
		for sig in TERM USR1 HUP INT; do
			rm -f ready got
			# shellcheck disable=SC2016
			FAKE_LATE_MS=300 FAKE_PROGRAM="trap 'echo $sig > got; exit 9' $sig; echo > ready; while [ -e ready ]; do sleep 0.05; done" \
				LD_PRELOAD=$plain/fakedev.so env --default-signal rstr "$way" < image &
			pid=$!
			wait_for test -e ready
			kill -$sig $pid
			wait $pid
			is $? 9 "$way: status after SIG$sig"
			is "$(cat got)" "$sig" "$way: what the program got"
		done
	done
}

test_rstr_killed_while_it_builds()
{
	local way sig pid

	PATH=$plain:$PATH
	for way in $(ways); do
		for sig in TERM USR2 ALRM; do
			FAKE_LOG=$dir/log FAKE_MS=20000 FAKE_PROGRAM=true LD_PRELOAD=$plain/fakedev.so \
				rstr "$way" -p pidfile < /dev/null &
			pid=$!
			wait_for test -s log
			kill -$sig $pid
			wait $pid
			is $? $((128 + $(kill -l $sig))) "$way: status after SIG$sig"
			is "$(find . -name 'pidfile' -o -name '.ckpt-*')" '' 'files left'
			rm -f log
		done
		FAKE_LOG=$dir/log FAKE_MS=20000 FAKE_PROGRAM=true LD_PRELOAD=$plain/fakedev.so \
			rstr "$way" < /dev/null &
		pid=$!
		wait_for test -s log
		kill -KILL $pid
		wait $pid 2> /dev/null
		wait_for nobody_has "$dir/log"
		rm -f log
	done
}

# It cannot stop in the middle, but as soon as there is a program.
test_rstr_stopped_while_it_builds()
{
	local way

	PATH=$plain:$PATH
	echo image > image
	for way in $(ways); do
		WAY=$way FAKEDEV=$plain/fakedev.so run python3 - <<-'EOF'
			import os, signal, subprocess, sys, time
			rstr = subprocess.Popen(["rstr", os.environ["WAY"], "-i", "image"], process_group=0,
						env=dict(os.environ, FAKE_PROGRAM="sleep 1; exit 7",
							 FAKE_MS="500", FAKE_LOG="log",
							 LD_PRELOAD=os.environ["FAKEDEV"]))
			while not os.path.exists("log"):
			    time.sleep(0.01)
			os.killpg(rstr.pid, signal.SIGTSTP)
			pid, status = os.waitpid(rstr.pid, os.WUNTRACED)
			if not os.WIFSTOPPED(status) or os.WSTOPSIG(status) != signal.SIGTSTP:
			    sys.exit(f"status {status:#x}")
			if "pid " not in open("log").read():
			    sys.exit("it stopped before there was a program")
			os.killpg(rstr.pid, signal.SIGCONT)
			status = rstr.wait(10)
			if status != 7:
			    sys.exit(f"end with {status}")
		EOF
		is "$status" 0 "$way: $err"
		rm -f log
	done
}

# No process has this as FAKE_LOG in its environment.
nobody_has() { ! grep -qs "FAKE_LOG=$1" /proc/[0-9]*/environ; }

# A shell on a terminal of its own: ^Z stops the job, fg continues it, ^C ends it. The program starts
# no others: a child that stops between vfork() and exec() keeps its parent from stopping.
test_rstr_job_control()
{
	local way

	PATH=$plain:$PATH
	echo image > image
	cat > count <<-'EOF'
		import itertools, time
		for i in itertools.count():
		    print(f"n{i}")
		    time.sleep(0.1)
	EOF
	for way in $(ways); do
		WAY=$way FAKEDEV=$plain/fakedev.so run python3 - <<-'EOF'
			import os, pty, re, select, sys, time
			pid, tty = pty.fork()
			if pid == 0:
			    os.environ["PS1"] = "$ "
			    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
			seen = b""
			def expect(pattern, seconds=10):
			    global seen
			    end = time.time() + seconds
			    while not re.search(pattern, seen):
			        if not select.select([tty], [], [], max(0, end - time.time()))[0]:
			            sys.exit(f"no {pattern} in {seen}")
			        seen += os.read(tty, 4096)
			    seen = seen[re.search(pattern, seen).end():]
			def say(text):
			    os.write(tty, text.encode())
			say("export FAKE_PROGRAM='exec python3 -u count'\n")
			say("LD_PRELOAD=$FAKEDEV rstr $WAY < image; echo st=$?=\n")
			expect(rb"n3\r\n")
			say("\x1a")
			expect(rb"Stopped")
			expect(rb"st=148=")
			say("jobs -l; echo end=\n")
			expect(rb"Stopped.*rstr")
			seen = b""
			time.sleep(0.4)
			say("echo quiet=\n")
			expect(rb"quiet=")
			if re.search(rb"n\d+\r\n", seen):
			    sys.exit(f"it is not stopped: {seen}")
			say("fg\n")
			expect(rb"n\d+\r\n")
			expect(rb"n\d+\r\n")
			say("\x03")
			say("echo st=$?=\n")
			expect(rb"st=130=")
			say("exit\n")
		EOF
		is "$status" 0 "$way: $err"
	done
}
