# SPDX-License-Identifier: GPL-2.0
"""The program options/count, checkpointed and restarted by the tests of options."""

import os
import shutil
import signal
import subprocess

from ckpttest import PROGRAMS, WORK, Restart, alive, check, ckpt, equal, run, wait_until

IMAGE = os.path.join(WORK, 'options.img')


class Count:
    """
    The program count in a directory of its own.

    @more: itself and its library are there, too
    @args: for the program
    """

    def __init__(self, name='work', more=False, stdin=subprocess.DEVNULL, args=()):
        self.dir = os.path.join(WORK, 'options', name)
        shutil.rmtree(os.path.join(WORK, 'options'), ignore_errors=True)
        os.makedirs(self.dir)
        argv = [os.path.join(PROGRAMS, 'options', 'count'), self.dir]
        env = dict(os.environ)
        if more:
            shutil.copy(argv[0], self.dir)
            argv = [os.path.join(self.dir, 'count'), self.dir]
            with open('/proc/self/maps') as f:
                libc = next(line.split()[-1] for line in f if line.endswith('/libc.so.6\n'))
            shutil.copy(libc, self.dir)
            env['LD_LIBRARY_PATH'] = self.dir
        self.proc = subprocess.Popen([*argv, *args], env=env, start_new_session=True, stdin=stdin,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.proc.pid
        wait_until(lambda: os.path.exists(self.log()) and self.last() >= 2, 'it does not count')

    def log(self):
        return os.path.join(self.dir, 'log')

    def last(self):
        with open(self.log()) as f:
            lines = f.read().split('\n')[:-1]
        return int(lines[-1]) if lines else -1

    def goes_on(self):
        """Counts on, from where it was; a number may stand twice where it was restarted."""
        start = self.last()
        wait_until(lambda: self.last() > start + 1, 'it does not count on')
        with open(self.log()) as f:
            numbers = [int(line) for line in f.read().split('\n')[:-1]]
        for a, b in zip(numbers, numbers[1:]):
            check(b <= a + 1, '%d follows %d' % (b, a))

    def moved(self, name):
        new = os.path.join(WORK, 'options', name)
        os.makedirs(os.path.dirname(new), exist_ok=True)
        os.rename(self.dir, new)
        self.dir = new

    def end(self):
        self.proc.kill()
        self.proc.wait()
        wait_until(lambda: not os.path.exists('/proc/%d' % self.pid), 'it is still there')


def image_of_killed(name='work', *options):
    count = Count(name)
    ckpt(count.pid, IMAGE, '--kill', *options).ok()
    count.end()
    return count


def rstr(*options):
    with open(IMAGE, 'rb') as f:
        return run(['rstr', *options], stdin=f)


def restarted(count, *options):
    """Restart in the foreground; it goes on, and ends as told."""
    restart = Restart(IMAGE, *options)
    try:
        count.goes_on()
        os.kill(restart.pid, signal.SIGTERM)
        equal(restart.wait(), 7, 'status of rstr')
    finally:
        if alive(restart.pid):
            os.kill(restart.pid, signal.SIGKILL)
