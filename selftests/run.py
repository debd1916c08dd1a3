#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""run.py - checkpoint subjects at random moments, and let them judge themselves

Runs as root in the virtual machine:

    selftests/vm.sh -k 6.1 -- selftests/run.py [OPTION...] [TEST...]

TEST is PROGRAM or PROGRAM.NAME, such as mem or mem.sparse; default: all. Each test is run in two
modes (see --mode):
  go-on         several checkpoints in a row; the program goes on and must not notice
  kill-restart  a checkpoint, kill, restart; the restarted program is checkpointed, killed and
                restarted again; it must not notice either
  either        kill-restart, or go-on where a test knows only that: half the time
What a test wants of the driver it says itself, see subject_tell() in lib/subject.h.
"""

import argparse
import concurrent.futures
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import tty
import typing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), 'lib'))
from ckpttest import (PATIENCE, PROGRAMS, WORK, Failure, KernelLog, Restart, Skip, Tap, Untimely,
                      built, check, ckpt, equal, exit_text, nothing_left, pids, run, wait_until)

MODES = ('go-on', 'kill-restart')
EITHER = 'either'


class Terminal:
    """A pty; programs on it have it as their controlling terminal."""

    def __init__(self):
        self.master, slave = pty.openpty()
        self.name = os.ttyname(slave)
        os.close(slave)

    def attach(self):
        """In a child, before exec."""
        os.setsid()
        # The first terminal that the leader of a session opens becomes its own.
        fd = os.open(self.name, os.O_RDWR)
        for n in range(3):
            os.dup2(fd, n)
        if fd > 2:
            os.close(fd)

    def close(self):
        os.close(self.master)


class Group:
    """A control group: what is in it is killed at once, whose child it may be."""

    def __init__(self, name):
        self.path = os.path.join('/sys/fs/cgroup', 'ckpt.' + name)
        os.mkdir(self.path)

    def enter(self):
        """In a child, before exec."""
        with open(os.path.join(self.path, 'cgroup.procs'), 'w') as f:
            f.write('0')

    def populated(self):
        with open(os.path.join(self.path, 'cgroup.events')) as f:
            return 'populated 1' in f.read()

    def kill(self):
        with open(os.path.join(self.path, 'cgroup.kill'), 'w') as f:
            f.write('1')
        wait_until(lambda: not self.populated(), 'what is in a control group cannot be killed')

    def close(self):
        self.kill()
        os.rmdir(self.path)


class Test(typing.NamedTuple):
    """One test of a program, and what it wants: see SUBJECT_WITH() in lib/subject_harness.h."""

    program: str
    name: str
    wants: tuple = ()

    def __str__(self):
        return '%s.%s' % (self.program, self.name)


class Subject:
    """A test of a program, in its own process, with members that the process has made."""

    serial = 0

    def __init__(self, test, rng, name=None):
        Subject.serial += 1
        name = name or '%s.%d' % (test, Subject.serial)
        self.test = test
        self.ctl = os.path.join(WORK, name)
        shutil.rmtree(self.ctl, ignore_errors=True)
        os.mkdir(self.ctl)
        os.chmod(self.ctl, 0o777)
        self.image = self.ctl + '.img'
        self.rng = rng
        self.terminal = Terminal() if 'terminal' in test.wants else None
        self.group = Group(name) if 'members' in test.wants else None
        self.proc = self.restart = None

    def start(self):
        env = dict(os.environ, CKPT_CTL=self.ctl)
        if self.terminal:
            env['CKPT_TTY'] = '1'
        if self.group:
            env['CKPT_CGROUP'] = '1'
        self.proc = subprocess.Popen([os.path.join(PROGRAMS, self.test.program + '_test'),
                                      self.test.name],
                                     cwd=WORK, env=env, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     **self.before_exec(self.terminal and self.terminal.attach))
        self.pid = self.proc.pid

    def before_exec(self, attach):
        """For Popen(): what the child does first."""
        steps = [step for step in (self.group and self.group.enter, attach) if step]
        return {'preexec_fn': lambda: [step() for step in steps]} if steps else {}

    def has(self, name):
        return os.path.exists(os.path.join(self.ctl, name))

    def told(self, key):
        """What the subject has said about itself."""
        try:
            with open(os.path.join(self.ctl, key)) as f:
                return f.read()
        except FileNotFoundError:
            return None

    def members(self):
        """The processes that the first one and its children have made: names and pids."""
        return {name.split('.', 1)[1]: int(self.told(name))
                for name in os.listdir(self.ctl) if name.startswith('member.')}

    def gone(self):
        """Is none of its processes left, nor what remains until its parent has seen its end?"""
        return not any(os.path.exists('/proc/%d' % pid)
                       for pid in (self.pid, *self.members().values()))

    def detached(self):
        """Does it go on by itself, while rstr has left?"""
        return self.restart and '-d' in (self.told('rstr') or '').split()

    def ended(self):
        if self.detached():
            return not os.path.exists('/proc/%d' % self.pid)
        proc = self.restart.rstr if self.restart else self.proc
        return proc.poll() is not None

    def ready(self):
        while not self.has('ready') and not self.ended():
            # Others have what it claims: that may take them as long as it takes us.
            wait_until(lambda: self.has('ready') or self.ended() or self.has('claims'),
                       'the subject does not get ready')
            wait_until(lambda: not self.has('claims') or self.ended(),
                       'the subject does not get what it claims', 20 * PATIENCE)
        if not self.has('ready'):
            self.verdict()

    def nap(self):
        """Until a random moment. A third of the checkpoints after a restart come at once."""
        duration = self.rng.uniform(0, 0.3)
        if self.restart and self.rng.random() < 1 / 3:
            return
        proc = self.restart.rstr if self.restart else self.proc
        if not proc or self.detached():
            time.sleep(duration)
            return
        try:
            proc.wait(duration)
        except subprocess.TimeoutExpired:
            pass

    def checkpoint(self, *options):
        check(not self.ended(), 'the subject has ended: ' + (self.told('result') or 'no result'))
        # What a program does between its checkpoint and its death stays in its files; --kill
        # leaves it no time for that.
        out = ckpt(self.pid, self.image, '--timeout=60', *(self.told('ckpt') or '').split(),
                   *options, pipe=self.rng.random() < 0.4)
        out.ok()
        limit = self.told('image_max')
        if limit:
            size = os.path.getsize(self.image)
            check(size <= int(limit), 'the image has %d bytes, more than %s' % (size, limit))

    def kill(self):
        # rstr is in the group, too: it ends with its program.
        if self.group:
            self.group.kill()
        if self.restart:
            self.restart.kill()
        else:
            self.proc.kill()
            self.proc.wait()
        wait_until(self.gone, 'the killed subject is there')

    def restore(self, *more):
        options = [*(self.told('rstr') or '').split(), *more]
        if self.terminal:
            self.terminal.close()
            self.terminal = Terminal()
        self.restart = Restart(self.image, *options, pipe=self.rng.random() < 0.4,
                               **self.before_exec(self.terminal and self.terminal_of_rstr))
        equal(self.restart.pid, self.pid, 'pid of the restarted subject')
        for name, pid in self.members().items():
            check(os.path.exists('/proc/%d' % pid), 'after the restart there is no ' + name)

    def terminal_of_rstr(self):
        os.setsid()
        # Its standard descriptors stay what they are; /dev/tty leads to the terminal.
        os.close(os.open(self.terminal.name, os.O_RDWR))

    def end(self):
        """Tell it to end, and hear its verdict."""
        open(os.path.join(self.ctl, 'end'), 'w').close()
        proc = self.restart.rstr if self.restart else self.proc
        if self.detached():
            wait_until(self.ended, 'the subject does not end')
        try:
            proc.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure('the subject does not end; state: ' + self.where()) from None
        self.verdict()
        wait_until(self.gone, 'a member does not end')

    def where(self):
        text = []
        for pid in (self.pid, *self.members().values()):
            for what in ('stat', 'wchan', 'syscall', 'stack'):
                try:
                    with open('/proc/%d/%s' % (pid, what)) as f:
                        text.append(f.read().strip())
                except OSError:
                    pass
        return '\n'.join(text)

    def said(self):
        """What rstr has said that it should not."""
        return self.restart.words().splitlines() if self.restart else []

    def verdict(self):
        """Its own, and those of its members, of which the first process is to see the end."""
        status = (self.restart.rstr if self.restart else self.proc).returncode
        words = self.told('result')
        check(not self.said(), 'rstr said: ' + '\n'.join(self.said()))
        for name in sorted(self.members()):
            result = self.told('result.' + name) or '# it left no result'
            check(re.search('^ok ', result, re.M), 'member %s:\n%s\nthe first process: %s' % (
                name, result, words or 'no result'))
        check(words, 'the subject left no result: ' + exit_text(status))
        lines = words.splitlines()
        skip = [l for l in lines if l.startswith('ok ') and '# SKIP' in l]
        if skip:
            raise Skip(skip[0].split('# SKIP', 1)[1].strip())
        notes = '\n'.join(l[2:] for l in lines if l.startswith('#'))
        if not any(l.startswith('ok ') for l in lines):
            raise (Untimely if self.told('timed') else Failure)(notes or 'failed without a word')
        equal(status, 0, 'exit status')

    def close(self):
        if self.group:
            self.group.close()
        if self.restart:
            self.restart.kill()
        if self.proc and self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()
        if self.terminal:
            self.terminal.close()
        shutil.rmtree(self.ctl, ignore_errors=True)
        for name in (self.image, self.image + '.pid', self.image + '.err'):
            if os.path.exists(name):
                os.unlink(name)


def go_on(subject, rounds):
    for i in range(rounds):
        subject.nap()
        subject.checkpoint()
    subject.nap()
    subject.end()


def kill_restart(subject, rounds):
    for i in range(rounds):
        subject.nap()
        kill = subject.told('kill') or subject.rng.random() < 0.3
        subject.checkpoint(*(['--kill'] if kill else []))
        if i == 0:
            run(['ckptinfo', '--verify', subject.image]).status == 0 or check(
                False, 'ckptinfo does not like the image: %s' %
                run(['ckptinfo', '--verify', subject.image]))
        subject.kill()
        # What it has done to its files meanwhile is for the test to judge.
        subject.restore(*([] if kill else ['--accept-changed-files']))
    subject.nap()
    subject.end()


def refused(subject):
    subject.nap()
    with open('/proc/%d/comm' % subject.pid) as f:
        comm = f.read().strip()
    out = ckpt(subject.pid, subject.image)
    out.fails(1, r'ckpt: pid %s \(%s\)%s(; .*)?' % (subject.told('thread') or subject.pid, comm,
                                                    subject.told('refuse')),
              int(subject.told('lines') or 1))
    equal(os.path.getsize(subject.image), 0, 'size of the image of a refused program')
    # And it is none the worse for it.
    check(not subject.ended(), 'the program that was refused has ended')
    subject.nap()
    subject.end()


def one(test, mode, seed, rounds):
    subject = Subject(test, random.Random('%s %s %s %s' % (seed, test.program, test.name, mode)))
    try:
        subject.start()
        subject.ready()
        if subject.told('refuse'):
            if mode != 'kill-restart':
                refused(subject)
            elif subject.group:
                # Killing works for those that cannot be restarted yet.
                subject.kill()
            else:
                raise Skip('')
        elif mode != EITHER and subject.told('mode') not in (None, mode):
            raise Skip('')
        elif 'go-on' in (mode, subject.told('mode')):
            go_on(subject, rounds)
        else:
            kill_restart(subject, rounds)
    except Failure as e:
        raise type(e)('%s\nseed %s' % (e, seed)) from None
    finally:
        subject.close()


class Quiet(Tap):
    """Leaves out tests that are not meant for a mode.

    Some subjects measure time, on an emulated machine whose host has other things to do. If such a
    one, in company, judges that it failed, it is tried once more, alone; what it said is shown all
    the same. All else counts at once, and so does what the kernel complains of.
    """

    def __init__(self, log):
        super().__init__(log)
        self.first = True
        self.again = []
        self.second = 0

    def result(self, name, ok, notes=(), skip=None):
        if skip == '':
            return
        if (self.first and any(isinstance(note, Untimely) for note in notes) and
                'the kernel complained:' not in notes):
            self.again.append(name)
            print('# %s failed, and is tried again:' % name, flush=True)
            for note in notes:
                print('\n'.join('#   ' + line for line in str(note).split('\n')), flush=True)
            return
        super().result(name, ok, notes, skip)
        self.second += ok and name in self.again

    def end(self):
        if self.second:
            print('# %d passed at the second try' % self.second)
        return super().end()


def tests(wanted):
    programs = sorted(n[:-5] for n in os.listdir(PROGRAMS) if n.endswith('_test'))
    found = []
    for program in programs:
        listed = run([os.path.join(PROGRAMS, program + '_test'), '--list']).out.decode()
        for name, *wants in map(str.split, listed.splitlines()):
            test = Test(program, name, tuple(wants))
            if not wanted or program in wanted or str(test) in wanted:
                found.append(test)
    for want in wanted:
        if not any(want in (test.program, str(test)) for test in found):
            sys.exit('there is no test %s in %s' % (want, PROGRAMS))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('tests', nargs='*', metavar='TEST')
    parser.add_argument('--mode', choices=(*MODES, EITHER), action='append')
    parser.add_argument('--rounds', type=int, default=2, help='checkpoints in each test')
    parser.add_argument('--repeat', type=int, default=1, help='how often to run each test')
    parser.add_argument('--seed', type=int, default=int.from_bytes(os.urandom(3), 'big'))
    parser.add_argument('--jobs', type=int, default=2, help='tests at a time')
    parser.add_argument('--load', type=int, default=0, help='busy loops beside them')
    args = parser.parse_args()
    built()
    os.umask(0o022)
    log = KernelLog()
    tap = Quiet(log)
    print('# seed %d' % args.seed)
    found = tests(args.tests)
    before = pids()
    load = [subprocess.Popen(['sh', '-c', 'while :; do :; done']) for _ in range(args.load)]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        work = []
        for n in range(args.repeat):
            for test in found:
                for mode in args.mode or MODES:
                    work.append(pool.submit(tap.run, '%s %s' % (test, mode), one, test, mode,
                                            args.seed + n, args.rounds))
        for w in work:
            w.result()
    for loop in load:
        loop.kill()
        loop.wait()
    tap.first = False
    tests_of = {str(test): test for test in found}
    for name in tap.again:
        test, mode = name.split()
        tap.run(name, one, tests_of[test], mode, args.seed, args.rounds)
    tap.run('nothing is left', nothing_left, before)
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
