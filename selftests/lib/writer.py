# SPDX-License-Identifier: GPL-2.0
"""A program that writes to all of its memory, its cgroups, and a checkpoint that nobody reads."""

import os
import re
import shutil
import subprocess
import time

from ckpttest import PATIENCE, PROGRAMS, WORK, check, equal, wait_until

CGROUP = '/sys/fs/cgroup'
DIR = os.path.join(WORK, 'writer')
MIB = 1 << 20
SIZE = 48
GAVE_WAY = (r'ckpt: pid \d+ \(writer\): the checkpoint gave way: its memory cgroup, or the '
            r'machine, ran out of memory; give it more memory, or hold it meanwhile '
            r'\(--stop, --kill\)')


def write(name, text):
    with open(name, 'w', encoding='ascii') as f:
        f.write(str(text))


def read(name):
    with open(name, encoding='ascii') as f:
        return f.read()


class Group:
    """A cgroup below another one, with limits."""

    def __init__(self, name, above=CGROUP, controllers='+memory', **limits):
        write(above + '/cgroup.subtree_control', controllers)
        self.path = os.path.join(above, name)
        os.mkdir(self.path)
        self.set(**limits)

    def set(self, **limits):
        for key, value in limits.items():
            write('%s/%s' % (self.path, key.replace('_', '.', 1).replace('__', '.')), value)

    def has(self, key):
        return read('%s/%s' % (self.path, key))

    def event(self, key, name='memory.events'):
        return int(re.search(r'^%s (\d+)$' % key, self.has(name), re.M).group(1))

    def remove(self):
        """The kernel may still be busy with the end of its last process."""
        def removed():
            try:
                os.rmdir(self.path)
            except OSError:
                return False
            return True
        wait_until(removed, self.path + ' is in use', 20)


class Writer:
    """The program of options/writer.c."""

    count = 0

    def __init__(self, *options, group=None, size=SIZE):
        Writer.count += 1
        self.dir = '%s%d' % (DIR, Writer.count)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        self.proc = subprocess.Popen(
            [os.path.join(PROGRAMS, 'options/writer'), self.dir, str(size), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: group and write(group.path + '/cgroup.procs', os.getpid()))
        self.pid = self.proc.pid
        self.goes_on(3)

    def passes(self):
        """Of each pass, when it began (seconds), and what the slowest page took (milliseconds)."""
        try:
            lines = read(self.dir + '/passes').split('\n')[:-1]
        except FileNotFoundError:
            return []
        return [(int(a) / 1000, int(b) / 1000) for a, b in (line.split() for line in lines)]

    def goes_on(self, more=2):
        """It makes so many more passes. Return: the seconds that they took."""
        start, n = time.monotonic(), len(self.passes())
        wait_until(lambda: len(self.passes()) >= n + more or self.proc.poll() is not None,
                   'the program does not go on')
        equal(self.proc.poll(), None, 'end of the program')
        return time.monotonic() - start

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proc.kill()
        self.proc.wait()


class Stalled:
    """A ckpt whose output nobody reads, until takes_the_image()."""

    def __init__(self, pid, *options, group=None):
        self.proc = subprocess.Popen(
            ['ckpt', '-q', *options, str(pid)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: group and write(group.path + '/cgroup.procs', os.getpid()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proc.kill()
        self.proc.communicate()

    def takes_the_image(self):
        """Read it, and throw it away; ckpt succeeds."""
        while os.read(self.proc.stdout.fileno(), MIB):
            pass
        err = self.proc.stderr.read().decode()
        equal((self.proc.wait(PATIENCE), err), (0, ''), 'ckpt')

    def gives_way(self):
        """It ends by itself, soon."""
        wait_until(lambda: self.proc.poll() is not None, 'ckpt does not end', 60)
        err = self.proc.stderr.read().decode()
        check(self.proc.returncode == 1 and re.fullmatch(GAVE_WAY + '\n', err),
              'ckpt: status %s, "%s"' % (self.proc.returncode, err))

    def goes_on(self, seconds):
        time.sleep(seconds)
        equal(self.proc.poll(), None, 'end of ckpt: ' +
              ('' if self.proc.poll() is None else self.proc.stderr.read().decode()))
