# SPDX-License-Identifier: GPL-2.0
"""The real programs, and what each of them is to do.

A program works for as long as it is told by a scale, prints into the file "out", is silent
otherwise, and does the same each time. It runs as one process; its working directory is its own.
"""

import ctypes
import errno
import os
import random
import re
import struct
import subprocess
import time

from ckpttest import PROGRAMS as BUILT
from ckpttest import Failure, run
from scripts import (BASH, BC, BUSYBOX, DC, FUNCTION, GAWK, LISP, LUA, M4, MAWK, NUMPY, OCAML, PERL,
                     PHP, PYTHON, R, RUBY, SCHEME, SQL)

HERE = os.path.dirname(os.path.realpath(__file__))
SOURCES = os.path.join(HERE, 'src')
MADE = os.path.join(BUILT, 'real')


def words(path, count):
    """Text that can be compressed and sorted, always the same."""
    rng = random.Random(1)
    some = ['%x' % rng.getrandbits(rng.randrange(4, 60)) for _ in range(5000)]
    with open(path, 'w') as f:
        for _ in range(count):
            f.write('%d %s\n' % (rng.getrandbits(30), ' '.join(rng.choices(some, k=6))))


def large(path, count):
    """Text with megabytes of nothing in it, which cost no memory and yet have to be read."""
    words(path, 2000)
    with open(path, 'r+b') as f:
        f.truncate(count << 20)
        f.seek(0, os.SEEK_END)
        f.write(b'the end\n')


def source(path, count):
    """A large program in C."""
    with open(path, 'w') as f:
        f.write('int g(int *p, int a);\n')
        f.writelines(FUNCTION % {'n': n} for n in range(count))
        f.write('int (*all[])(int *, int, const char *) = {')
        f.write(', '.join('f%d' % n for n in range(count)) + '};\n')


def firmware(path, count):
    """bios.S, with the number of lines it prints."""
    with open(os.path.join(MADE, 'bios.bin'), 'rb') as f:
        image = bytearray(f.read())
    at = image.index(b'ENIL')
    image[at:at + 4] = count.to_bytes(4, 'little')
    with open(path, 'wb') as f:
        f.write(image)


def deny(call):
    """From now on the kernel has no such system call."""
    class Sock_fprog(ctypes.Structure):
        _fields_ = [('len', ctypes.c_ushort), ('filter', ctypes.c_char_p)]

    # Load the number; if it is that one, return ENOSYS; allow.
    code = struct.pack('HBBI' * 4, 0x20, 0, 0, 0, 0x15, 0, 1, call, 0x06, 0, 0,
                       0x00050000 | errno.ENOSYS, 0x06, 0, 0, 0x7fff0000)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    program = Sock_fprog(4, code)
    if prctl(38, 1, 0, 0, 0) or prctl(22, 2, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), 'seccomp')


IO_URING_SETUP = 425
LANDLOCK_CREATE_RULESET = 444
# It starts the threads it would start for two CPUs.
JAVA = ('-cp', MADE, '-XX:ActiveProcessorCount=2')


class Program:
    """A row of the table.

    @path: the program, or a function that finds it
    @args: its arguments; @N@ stands for how much it is to do
    @count: how much that is for a run of the smallest size
    @script: text of the file "script", where @N@ stands for the same
    @data: function(path, N) that makes the file "text"
    @outputs: files it writes besides "out"
    @package: Debian's package, for what "make check" does not install, or not on each kernel
    @seconds: how long an undisturbed run takes at least
    @rewinds: it deletes or renames files, which leaves no way back to who went on for a while
    @made: file in build/selftests/real that it needs
    @env: its environment, besides the usual
    @denied: number of a system call that it is not to find
    @one_cpu: it stays on one CPU
    @more: "make check" leaves it out
    """

    def __init__(self, path, args, count, script=None, data=None, outputs=(), package=None,
                 seconds=1.5, rewinds=False, made=None, env=(), denied=None, one_cpu=False,
                 more=False):
        self.find = path if callable(path) else lambda: path
        self.args, self.count, self.script, self.data = args, count, script, data
        self.outputs = ('out', *outputs)
        self.package, self.seconds, self.rewinds, self.made = package, seconds, rewinds, made
        self.env = {'PATH': '/usr/bin:/bin', 'LC_ALL': 'C', **dict(env)}
        self.denied, self.one_cpu, self.more = denied, one_cpu, more
        self.argv = None

    def missing(self):
        """Why it cannot be run here, or None."""
        path = self.find()
        if not path or not os.path.exists(path):
            return 'there is no %s%s' % (path or 'such program',
                                         self.package and ' (package %s)' % self.package or '')
        if self.made and not os.path.exists(os.path.join(MADE, self.made)):
            return 'no compiler has made %s' % self.made
        return None

    def prepare(self, scale):
        """Make input for a run of scale times the smallest size."""
        count = self.count * scale
        self.argv = [self.find(), *(a.replace('@N@', str(count)) for a in self.args)]
        if self.script:
            with open('script', 'w') as f:
                f.write(self.script.replace('@N@', str(count)))
        if self.data:
            self.data('text', count)

    def start(self):
        """Start it; nothing it has open is open anywhere else. Return: a subprocess.Popen."""
        def child():
            os.setsid()
            for fd, name in ((1, 'out'), (2, 'err')):
                new = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
                os.dup2(new, fd)
                os.close(new)
            if self.one_cpu:
                os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
            if self.denied:
                deny(self.denied)
        return subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, preexec_fn=child,
                                env=self.env)


class Detached(Program):
    """One that gdb has started, stopped at breakpoints, made a call in, stepped, and let go."""

    def __init__(self, inferior):
        # Everybody has gdb, but to start it takes long on an emulated machine.
        super().__init__('/usr/bin/gdb', [], inferior.count, package='gdb')
        self.inferior = inferior

    def missing(self):
        return super().missing() or self.inferior.missing()

    def prepare(self, scale):
        self.inferior.prepare(scale)

    def start(self):
        commands = ['set confirm off', 'set breakpoint pending on', 'tbreak malloc',
                    'run %s < /dev/null > out 2> err' % ' '.join(self.inferior.argv[1:]),
                    'break malloc', 'ignore 2 20', 'continue', 'print (int)getpid()',
                    'stepi 50', 'detach', 'quit']
        with open('gdb', 'w') as f:
            f.write('\n'.join(commands) + '\n')
        out = run([self.find(), '-nx', '-q', '-batch', '-x', 'gdb', self.inferior.argv[0]],
                  env={**self.env, 'SHELL': '/bin/sh'}, start_new_session=True)
        found = re.search(r'process (\d+)\) detached', out.out.decode())
        if not found:
            raise Failure('gdb has not done its part:\n%s%s' % (out.out.decode(), out))
        return Orphan(int(found[1]))


class Orphan:
    """A process that was handed over to us, with the face of a Popen."""

    def __init__(self, pid):
        self.pid, self.returncode = pid, None

    def poll(self):
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout=None):
        end = timeout and time.monotonic() + timeout
        while self.poll() is None:
            if end and time.monotonic() > end:
                raise subprocess.TimeoutExpired('program', timeout)
            time.sleep(0.005)
        return self.returncode

    def kill(self):
        if self.poll() is None:
            os.kill(self.pid, 9)


def compiler():
    """cc1, which gcc alone knows where to find."""
    try:
        return run(['gcc', '-print-prog-name=cc1']).out.decode().strip()
    except FileNotFoundError:
        return None


def numpy():
    """python3, if it has numpy."""
    found = os.path.exists('/usr/lib/python3/dist-packages/numpy')
    return '/usr/bin/python3' if found else None


# Those which "make check" installs come first.
PROGRAMS = {
    'python3': Program('/usr/bin/python3', ['script'], 30000, PYTHON),
    'cc1': Program(compiler, ['-quiet', '-O2', 'text', '-o', 'large.s'], 5, data=source,
                   outputs=['large.s']),
    # Since 5.8 it puts itself into a Landlock sandbox, which is refused.
    'xz': Program('/usr/bin/xz', ['-T2', '--block-size=64KiB', '-k', '-c', 'text'], 4000,
                  data=words, denied=LANDLOCK_CREATE_RULESET),
    'sort': Program('/usr/bin/sort', ['--parallel=2', '-S', '1M', '-T', '.', '-k', '2', 'text',
                                      '-o', 'sorted'], 16000, data=words, outputs=['sorted'],
                    rewinds=True),
    'sqlite3': Program('/usr/bin/sqlite3', ['-batch', '-init', 'script', ':memory:', ''], 4000,
                       SQL),
    'zstd': Program('/usr/bin/zstd', ['-q', '-T2', '-12', '-c', 'text'], 3000, data=words),
    'perl': Program('/usr/bin/perl', ['script'], 10000, PERL),
    'gawk': Program('/usr/bin/gawk', ['-f', 'script'], 10000, GAWK),
    'mawk': Program('/usr/bin/mawk', ['-f', 'script'], 10000, MAWK, more=True),
    'bc': Program('/usr/bin/bc', ['-lq', 'script'], 60, BC),
    'dc': Program('/usr/bin/dc', ['-f', 'script'], 2000, DC, more=True),
    'bash': Program('/bin/bash', ['script'], 1000, BASH),
    'busybox': Program('/bin/busybox', ['sh', 'script'], 1000, BUSYBOX, more=True),
    'm4': Program('/usr/bin/m4', ['script'], 1000, M4, more=True),
    'sha256sum': Program('/usr/bin/sha256sum', ['text', 'script', 'text'], 20, '@N@',
                         data=large),
    'openssl': Program('/usr/bin/openssl',
                       ['enc', '-aes-256-cbc', '-K', '00' * 31 + '07', '-iv', '00' * 16,
                        '-in', 'text', '-out', 'secret'], 4, data=large, outputs=['secret']),
    'gzip': Program('/usr/bin/gzip', ['-9', '-c', 'text'], 8000, data=words, more=True),
    'tar': Program('/usr/bin/tar', ['-c', '-f', 'copy.tar', '--sort=name', 'text', 'script'], 10,
                   'end', data=large, outputs=['copy.tar'], seconds=0.7, more=True),
    # Without symbols, which valgrind would read for longer than the program takes.
    'valgrind': Program('/usr/bin/valgrind',
                        ['-q', '--tool=memcheck', '--undef-value-errors=no', '/bin/busybox', 'sh',
                         'script'], 500, BUSYBOX, seconds=2),
    'gdb': Detached(Program('/usr/bin/mawk', ['-f', 'script'], 10000, MAWK)),
    'qemu': Program('/usr/bin/qemu-system-x86_64',
                    ['-accel', 'tcg', '-M', 'isapc', '-cpu', '486', '-m', '4', '-nodefaults',
                     '-bios', 'text', '-display', 'none', '-monitor', 'none', '-serial',
                     'file:serial', '-no-reboot'], 1000, data=firmware, outputs=['serial'],
                    made='bios.bin', denied=IO_URING_SETUP, seconds=3),
    # What is heavy to install. Java on two emulated CPUs crashes undisturbed in one run of 25: it
    # writes code which the other CPU is executing.
    'java': Program('/usr/bin/java', [*JAVA, '-XX:+UseG1GC', '-Xmx96m', 'Collect', '@N@'], 10,
                    package='default-jdk-headless', made='Collect.class', rewinds=True, seconds=4,
                    one_cpu=True),
    'java-parallel': Program('/usr/bin/java', [*JAVA, '-XX:+UseParallelGC', '-Xmx64m',
                                               '-Xshare:off', 'Collect', '@N@'],
                             10, package='default-jdk-headless', made='Collect.class',
                             rewinds=True, seconds=4, one_cpu=True, more=True),
    'node': Program('/usr/bin/node', [os.path.join(SOURCES, 'workers.js'), '@N@'], 20,
                    package='nodejs', seconds=5),
    'go': Program(os.path.join(MADE, 'goroutines'), ['@N@'], 20, package='golang-go'),
    'rust': Program(os.path.join(MADE, 'threads'), ['@N@'], 40, package='rustc'),
    'numpy': Program(numpy, ['script'], 40, NUMPY, package='python3-numpy', seconds=5),
    'ffmpeg': Program('/usr/bin/ffmpeg', ['-nostdin', '-loglevel', 'error', '-threads', '4',
                                          '-filter_complex', 'testsrc2=size=160x120:rate=25',
                                          '-frames:v', '@N@', '-c:v', 'libx264', '-bitexact',
                                          '-f', 'h264', 'pipe:1'], 25, package='ffmpeg',
                      seconds=4),
    'ruby': Program('/usr/bin/ruby', ['script'], 100, RUBY, package='ruby', seconds=3,
                    more=True),
    'lua': Program('/usr/bin/lua5.4', ['script'], 10000, LUA, package='lua5.4', more=True),
    'php': Program('/usr/bin/php', ['script'], 10000, PHP, package='php-cli', seconds=3,
                   more=True),
    'r': Program('/usr/bin/R', ['--vanilla', '-s', '-f', 'script'], 50, R, package='r-base-core',
                 seconds=6, more=True),
    'ocaml': Program('/usr/bin/ocaml', ['script'], 10000, OCAML, package='ocaml-nox',
                     more=True),
    'sbcl': Program('/usr/bin/sbcl', ['--script', 'script'], 10000, LISP, package='sbcl',
                    seconds=3, more=True),
    'guile': Program('/usr/bin/guile', ['--no-auto-compile', '-s', 'script'], 10000, SCHEME,
                     package='guile-3.0', env={'HOME': '/tmp'}.items(), seconds=3, more=True),
}

