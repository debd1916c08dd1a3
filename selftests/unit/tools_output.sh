#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tools_output.sh - the part of tools_test.sh that is about who reads what the tools say
# shellcheck disable=SC2154 # what tools_test.sh has set

# stopped CASE: run a case below with a terminal, or a pipe, of which nothing is taken
stopped()
{
	run env LD_PRELOAD= PRELOAD="$plain/fakedev.so" FAKE_LOG="$dir/log" FAKE_BYTES=4000000 \
		python3 - "$1" <<'EOF'
import fcntl, os, pty, signal, subprocess, sys, termios, time

def wait_for(what, condition):
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            sys.exit('never: ' + what)
        time.sleep(0.02)

def log(text):
    return os.path.exists('log') and text in open('log').read()

def start(err, *argv, env=(), terminal=False):
    def alone():
        os.setsid()
        if terminal:
            fcntl.ioctl(err, termios.TIOCSCTTY, 0)
    env = dict(os.environ, LD_PRELOAD=os.environ['PRELOAD'], **dict(env))
    return subprocess.Popen(argv, env=env, stdin=open('image'), stdout=open('out', 'w'), stderr=err,
                            preexec_fn=alone)

def stopped_terminal():
    main, line = pty.openpty()
    termios.tcflow(line, termios.TCOOFF)
    return main, line

def full_pipe():
    out, into = os.pipe()
    os.set_blocking(into, False)
    try:
        while os.write(into, b'x' * 4096):
            pass
    except BlockingIOError:
        pass
    os.set_blocking(into, True)
    return out, into

open('image', 'w').write('image')
CKPT = 'ckpt', '--kill', '-o', 'made', '4194400'

def bar():
    _, line = stopped_terminal()
    p = start(line, *CKPT, env={'FAKE_MS': '700'}, terminal=True)
    wait_for('release', lambda: log('release 2'))
    wait_for('end', lambda: p.poll() is not None)
    assert p.returncode == 0

def message(reader, err, read):
    p = start(err, *CKPT, env={'FAKE_MS': '700'})
    wait_for('begin', lambda: log('checkpoint'))
    time.sleep(0.2)
    p.send_signal(signal.SIGUSR1)
    wait_for('release', lambda: log('release 2'))
    assert os.path.exists('made')
    time.sleep(0.3)
    assert p.poll() is None, 'the message is lost'
    if read:
        if os.isatty(err):
            termios.tcflow(err, termios.TCOON)
        text = b''
        while b'ckpt: writing: 3 threads' not in text:
            text += os.read(reader, 65536)
        wait_for('end', lambda: p.poll() is not None)
        assert p.returncode == 0
    else:
        p.terminate()
        wait_for('end by a signal', lambda: p.poll() is not None)
        assert p.returncode == -signal.SIGTERM

def relay():
    _, line = stopped_terminal()
    p = start(line, 'rstr', '-v', env={'FAKE_PROGRAM': 'trap "echo told > told; exit 7" TERM; '
                                       'echo on > on; while :; do sleep 0.05; done'})
    wait_for('program', lambda: os.path.exists('on'))
    time.sleep(0.3)
    p.terminate()
    wait_for('signal for the program', lambda: os.path.exists('told'))
    termios.tcflow(line, termios.TCOON)
    wait_for('end', lambda: p.poll() is not None)
    assert p.returncode == 7

def failure():
    _, line = stopped_terminal()
    p = start(line, *CKPT, env={'FAKE_ERROR': '95'})
    time.sleep(1)
    p.terminate()
    wait_for('end by a signal', lambda: p.poll() is not None)
    assert p.returncode == -signal.SIGTERM

{'bar': bar, 'relay': relay, 'failure': failure,
 'terminal_read': lambda: message(*stopped_terminal(), True),
 'terminal_left': lambda: message(*stopped_terminal(), False),
 'pipe_read': lambda: message(*full_pipe(), True),
 'pipe_left': lambda: message(*full_pipe(), False)}[sys.argv[1]]()
EOF
	is "$status" 0 "$1: status (${err##*$'\n'})"
	rm -f log made
}

# Nothing that is said before a program is let go waits for whoever reads it.
test_output_stopped()
{
	local way

	PATH=$plain:$PATH
	for way in bar terminal_read terminal_left pipe_read pipe_left failure relay; do
		stopped "$way"
	done
}

# A file that the shell made is as open as it makes files.
test_output_readable_by_others()
{
	local to="LD_PRELOAD=$plain/fakedev.so exec ckpt"

	PATH=$plain:$PATH
	umask 022
	run bash -c "$to 4194400 > image"
	is "$status" 0 status
	one_line
	has "$err" 'ckpt: others may read the image (mode 0644)'
	has "$err" 'ckpt -o FILE PID'
	run bash -c "$to -q 4194400 > image"
	is "$err" '' 'with -q'
	run bash -c "FAKE_ERROR=95 $to 4194400 > image"
	fails 1 'io_uring instance'
	run fake ckpt -o image 4194400
	is "$err" '' 'with -o'
	is "$(stat -c %a image)" 600 'mode with -o'
	run bash -c "umask 077; rm image; $to 4194400 > image"
	is "$err" '' 'where only the owner may read it'
	run bash -c "$to 4194400 | cat > piped"
	is "$err" '' 'through a pipe'
}
