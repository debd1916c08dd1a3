# SPDX-License-Identifier: GPL-2.0
"""What the test drivers share: TAP, the tools, the kernel log, waiting."""

import glob
import os
import re
import signal
import subprocess
import sys
import threading
import time

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
BUILD = os.environ.get('CKPT_BUILD', os.path.join(TOP, 'build'))
PROGRAMS = os.path.join(BUILD, 'selftests')
WORK = '/tmp/ckpt-selftests'
# Translated guests on busy hosts are slow; nothing here is about speed.
PATIENCE = float(os.environ.get('CKPT_PATIENCE', 90))

# As in vm.sh, which looks at the whole run; here to say which test it was.
BAD_LOG = re.compile(r'WARNING:|BUG:|Oops|general protection fault[,:]|KASAN|UBSAN|refcount_t|'
                     r'scheduling while atomic|sleeping function called|lockdep|INFO: (task|rcu)')
FINE_LOG = re.compile(r'traps: ')


class Failure(Exception):
    """A test has failed; the text says why."""


class Untimely(Failure):
    """A test that measures time has judged that it failed; on a quiet machine it may not."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def equal(got, want, what):
    if got != want:
        raise Failure('%s: %r, expected %r' % (what, got, want))


class Skip(Exception):
    """A test cannot be run here; the text says why."""


def wait_until(condition, what, patience=None, step=0.005):
    """Wait until condition() is true and return its value."""
    deadline = time.monotonic() + (patience or PATIENCE)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure('timeout: ' + what)
        time.sleep(step)


def alive(pid):
    """Is there such a process, and not only what is left until it is waited for?"""
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except (FileNotFoundError, ProcessLookupError):
        return False


def state_of(pid):
    with open('/proc/%d/stat' % pid) as f:
        return f.read().rsplit(')', 1)[1].split()[0]


def pids():
    """All living processes but kernel threads."""
    found = set()
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open('/proc/%s/stat' % name) as f:
                fields = f.read().rsplit(')', 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if name != '2' and fields[1] != '2' and fields[0] not in 'ZX':
            found.add(int(name))
    return found


def module_users():
    with open('/sys/module/ckpt/refcnt') as f:
        return int(f.read())


def module_idle(users=0):
    """Wait until the module has no more users than these."""
    try:
        wait_until(lambda: module_users() <= users, 'the module has more than %d users' % users, 10)
    except Failure as e:
        raise Failure('%s: %d' % (e, module_users())) from None


SLABS = ('kmalloc-', 'task_struct', 'mm_struct', 'files_cache', 'filp', 'signal_cache',
         'sighand_cache', 'cred_jar', 'pid', 'vm_area_struct', 'vma_lock', 'maple_node', 'anon_vma',
         'anon_vma_chain', 'sock_inode_cache', 'shmem_inode_cache', 'radix_tree_node', 'file_lock',
         'fs_cache', 'sigqueue', 'pipe')


def holdings():
    """What the system holds, once it has let go of all it can."""
    with open('/proc/sys/vm/drop_caches', 'w') as f:
        f.write('3')
    time.sleep(0.3)
    held = {}
    for name in glob.glob('/sys/kernel/slab/*/shrink'):
        if name.split('/')[-2].startswith(SLABS):
            try:
                with open(name, 'w') as f:
                    f.write('1')
            except OSError:
                pass
    with open('/proc/slabinfo') as f:
        for line in f.readlines()[2:]:
            name, active = line.split()[:2]
            if name.startswith(SLABS):
                held['slab ' + name] = int(active)
    with open('/proc/sys/fs/file-nr') as f:
        held['open files'] = int(f.read().split()[0])
    with open('/proc/meminfo') as f:
        mem = dict(line.split()[:2] for line in f)
    for name in ('SUnreclaim:', 'KernelStack:', 'PageTables:', 'VmallocUsed:', 'Shmem:',
                 'AnonPages:', 'Mlocked:'):
        # In pages, as it is given out: then a count of each kind is one of things held.
        held[name + ' pages'] = int(mem[name]) // 4
    held['processes'] = len(pids())
    return held


def vmalloced():
    """Areas that the module's code holds; the module itself was allocated by the loader."""
    with open('/proc/vmallocinfo') as f:
        return [line.split()[2] for line in f if '[ckpt]' in line]


def grown(was, now, least, suspects=None):
    """What has grown from was to now by so much, and is among the suspects: see holdings()."""
    return {k: now[k] - was[k] for k in was
            if now.get(k, 0) - was[k] >= least and (suspects is None or k in suspects)}


def exit_text(status):
    if status is None:
        return 'still running'
    if status < 0:
        return 'killed by ' + signal.Signals(-status).name
    return 'exit status %d' % status


class KernelLog:
    """Complaints of the kernel, as they come."""

    def __init__(self):
        self.fd = os.open('/dev/kmsg', os.O_RDWR | os.O_NONBLOCK)
        os.lseek(self.fd, 0, os.SEEK_END)
        self.lock = threading.Lock()

    def mark(self, text):
        os.write(self.fd, ('<6>ckpt-test: %s\n' % text).encode())

    def complaints(self):
        found = []
        with self.lock:
            while True:
                try:
                    line = os.read(self.fd, 8192).decode(errors='replace')
                except BlockingIOError:
                    return found
                except BrokenPipeError:
                    continue
                text = line.split(';', 1)[-1].split('\n')[0]
                if BAD_LOG.search(text) and not FINE_LOG.search(text):
                    found.append(text)


class Tap:
    """Results, from several threads."""

    def __init__(self, log=None):
        self.lock = threading.Lock()
        self.count = self.failed = self.skipped = 0
        self.log = log
        print('TAP version 13', flush=True)

    def result(self, name, ok, notes=(), skip=None):
        with self.lock:
            self.count += 1
            self.failed += not ok
            self.skipped += bool(skip)
            text = '%sok %d %s' % ('' if ok else 'not ', self.count, name)
            if skip:
                text += ' # SKIP ' + skip
            for note in notes:
                for line in str(note).rstrip('\n').split('\n'):
                    text += '\n# ' + line
            print(text, flush=True)

    def run(self, name, test, *args):
        """Run test(*args) as the test of that name."""
        notes, skip, start = [], None, time.monotonic()
        if self.log:
            self.log.mark(name)
        try:
            test(*args)
            ok = True
        except Failure as e:
            ok = False
            notes.append(e)
        except Skip as e:
            ok = True
            skip = str(e)
        except Exception as e:
            ok = False
            notes.append('%s: %s' % (type(e).__name__, e))
            tb = e.__traceback__
            while tb:
                notes.append('  %s:%d' % (tb.tb_frame.f_code.co_filename, tb.tb_lineno))
                tb = tb.tb_next
        if self.log:
            bad = self.log.complaints()
            if bad:
                ok = False
                notes.append('the kernel complained:')
                notes += bad
        spent = time.monotonic() - start
        if spent > 20:
            notes.append('%d seconds' % spent)
        self.result(name, ok, notes, skip)
        return ok

    def end(self):
        print('1..%d' % self.count, flush=True)
        print('# %d passed, %d failed, %d skipped' % (
            self.count - self.failed - self.skipped, self.failed, self.skipped), flush=True)
        return 1 if self.failed else 0


class Out:
    """What a command said and how it ended."""

    def __init__(self, argv, status, out, err):
        self.argv, self.status, self.out, self.err = argv, status, out, err

    def __str__(self):
        lines = self.err.splitlines()
        if len(lines) > 6:
            lines[3:-2] = ['... (%d lines)' % (len(lines) - 5)]
        return '\n'.join(['%s: %s' % (' '.join(map(str, self.argv)), exit_text(self.status)),
                          *lines])

    def ok(self):
        """Succeeded, without a word."""
        check(self.status == 0 and not self.err, str(self))
        return self

    def fails(self, status, pattern, count=1):
        """Failed with this status and one line (or as many as count) that matches."""
        check(self.status == status, '%s\nexpected status %d' % (self, status))
        lines = self.err.splitlines()
        check(len(lines) == count, 'not %d line(s) on stderr: %s' % (count, self))
        for line in lines:
            check(re.fullmatch(pattern, line),
                  'stderr is "%s", expected "%s"' % (line, pattern))
        return self


def run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **kw):
    """Run a command to its end."""
    p = subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, **kw)
    try:
        out, err = p.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        p.kill()
        out, err = p.communicate()
        raise Failure('timeout: %s\n%s' % (' '.join(map(str, argv)), err.decode())) from None
    return Out(argv, p.returncode, out, err.decode(errors='replace'))


def ckpt(pid, image, *options, pipe=False, **kw):
    """ckpt PID > image, or through a pipe and cat."""
    argv = ['ckpt', *options, str(pid)]
    with open(image, 'wb') as f:
        os.fchmod(f.fileno(), 0o600)
        if not pipe:
            return run(argv, stdout=f, **kw)
        cat = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=f)
        with cat.stdin:
            out = run(argv, stdout=cat.stdin, **kw)
        cat.wait()
        return out


class Restart:
    """A running rstr, and its program."""

    def __init__(self, image, *options, pipe=False, wait=True, **kw):
        self.pidfile = image + '.pid'
        if os.path.exists(self.pidfile):
            os.unlink(self.pidfile)
        argv = ['rstr', '--pidfile', self.pidfile, *options]
        self.err = open(image + '.err', 'w+b')
        self.cat = None
        with open(image, 'rb') as f:
            stdin = f
            if pipe:
                self.cat = subprocess.Popen(['cat'], stdin=f, stdout=subprocess.PIPE)
                stdin = self.cat.stdout
            kw.setdefault('stdout', subprocess.DEVNULL)
            self.rstr = subprocess.Popen(argv, stdin=stdin, stderr=self.err, **kw)
            if pipe:
                self.cat.stdout.close()
        if wait:
            self.started()

    def words(self):
        self.err.seek(0)
        return self.err.read().decode(errors='replace')

    def started(self):
        """Wait until the program runs. Return: its pid."""
        wait_until(lambda: os.path.exists(self.pidfile) or self.rstr.poll() is not None,
                   'rstr does not come to an end: ' + self.words())
        if self.cat:
            self.cat.wait()
        check(os.path.exists(self.pidfile),
              'rstr: %s\n%s' % (exit_text(self.rstr.poll()), self.words()))
        with open(self.pidfile) as f:
            self.pid = int(f.read())
        return self.pid

    def wait(self):
        """Wait for the end of the program. Return: its status, as rstr has it."""
        try:
            self.rstr.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure('the restarted program does not end (%s)' % self.where()) from None
        finally:
            self.err.close()
        return self.rstr.returncode

    def where(self):
        try:
            with open('/proc/%d/stat' % self.pid) as f:
                stat = f.read().split()
            with open('/proc/%d/syscall' % self.pid) as f:
                return 'state %s, %s' % (stat[2], f.read().strip())
        except (OSError, AttributeError):
            return 'gone'

    def kill(self):
        """End the program, and wait for rstr."""
        if hasattr(self, 'pid') and alive(self.pid):
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                # ckpt --kill came first.
                pass
        elif self.rstr.poll() is None:
            self.rstr.kill()
        return self.wait()


def built():
    """Fail early and in words."""
    if not os.path.exists('/dev/ckpt'):
        sys.exit('there is no /dev/ckpt: this is to be run in the virtual machine, '
                 'as in selftests/vm.sh -- ' + ' '.join(sys.argv))
    if not os.path.exists(os.path.join(PROGRAMS, '.built')):
        sys.exit('there are no test programs in %s; to build them, outside of the virtual machine: '
                 'make -C selftests' % PROGRAMS)
    os.makedirs(WORK, exist_ok=True)
    os.chmod(WORK, 0o777)


def nothing_left(before, users=0):
    """No process that was not there before, and no more users of the module."""
    # The killed are gone as soon as their parents have seen it.
    def who():
        text = ''
        for pid in sorted(pids() - before):
            try:
                with open('/proc/%d/stat' % pid) as f:
                    text += ' ' + ' '.join(f.read().split()[:4])
                with open('/proc/%d/wchan' % pid) as f:
                    text += ' ' + f.read()
            except OSError:
                pass
        return text

    try:
        wait_until(lambda: pids() <= before, 'processes are left', 10)
    except Failure as e:
        raise Failure('%s:%s' % (e, who())) from None
    module_idle(users)


def run_tests(suite, tests, wanted=None, prepare=None):
    """Run the tests of a driver, and see that nothing is left behind.

    @tests: name and function of each; or the globals of the driver, whose functions test_* they are
    @wanted: the names of those to run; default: those of the command line, or else all
    @prepare: called before the first one
    Return: the exit status.
    """
    built()
    os.umask(0o022)
    if prepare:
        prepare()
    if '__name__' in tests:
        tests = {name[5:]: f for name, f in tests.items() if name.startswith('test_')}
    wanted = wanted or sys.argv[1:] or tests
    for name in wanted:
        if name not in tests:
            sys.exit('there is no test %s; there are: %s' % (name, ' '.join(tests)))
    tap = Tap(KernelLog())
    before, users = pids(), module_users()
    for name in wanted:
        tap.run('%s.%s' % (suite, name), tests[name])
        for pid in pids() - before:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    tap.run(suite + ': nothing is left', nothing_left, before, users)
    return tap.end()
