# SPDX-License-Identifier: GPL-2.0
"""Programs for the tests of races and of the tools, and those who have no right to them."""

import fcntl
import os
import random
import struct
import subprocess
import termios

from ckpttest import WORK, check, run, wait_until

QUICK = bool(os.environ.get('CKPT_QUICK'))
# Copies of the programs, where any user may reach them.
BIN = os.path.join(WORK, 'victims.bin')
TARGET = os.path.join(BIN, 'target')
FAILED, NOT_STARTED = 1, 125        # exit status of ckpt and of rstr
DONE = 42                           # and of race/target
# Each that was started has changed the file that it counts in.
RSTR = ['rstr', '--accept-changed-files']
USER, GROUP = 54321, 54322          # nobody that /etc/passwd knows
seed = int(os.environ.get('CKPT_SEED', random.randrange(1 << 24)))
chance = random.Random(seed)


def rounds(full, quick):
    return quick if QUICK else full


def path(name):
    return os.path.join(WORK, 'victims.' + name)


class Target:
    """race/target, counting in a file, as a process that has nothing to do with this one."""

    def __init__(self, mode='count', name='counter', args=(), program=None, **kw):
        self.file = path('%s.%d' % (name, chance.randrange(1 << 30)))
        with open(self.file, 'wb') as f:
            f.truncate(4096)
        os.chmod(self.file, 0o666)
        argv = [program, self.file] if program else [TARGET, mode, self.file]
        self.process = subprocess.Popen([*argv, *args], **kw)
        self.pid = self.process.pid
        self.counts()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        os.unlink(self.file)
        # That is what it watches.
        if os.path.isdir(self.file + '.dir'):
            os.rmdir(self.file + '.dir')

    def count(self):
        with open(self.file, 'rb') as f:
            return struct.unpack('Q', f.read(8))[0]

    def counts(self):
        """It runs: it counts on."""
        was = self.count()
        wait_until(lambda: self.count() > was + 1, 'the program does not go on')
        return self

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def is_image(name):
    out = run(['ckptinfo', '--verify', name])
    return out.status == 0


def in_pipe(pipe):
    return struct.unpack('i', fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def no_files(folder, *but):
    left = set(os.listdir(folder)) - set(but)
    check(not left, 'left in the directory: %s' % sorted(left))


def as_user(*groups):
    return {'user': USER, 'group': USER, 'extra_groups': list(groups),
            'env': {**os.environ, 'PATH': BIN + ':' + os.environ['PATH']}, 'cwd': '/'}


class Shared:
    """The device as udev makes it: for a group."""

    def __enter__(self):
        self.was = os.stat('/dev/ckpt')
        os.chown('/dev/ckpt', 0, GROUP)
        os.chmod('/dev/ckpt', 0o660)

    def __exit__(self, *_):
        os.chown('/dev/ckpt', self.was.st_uid, self.was.st_gid)
        os.chmod('/dev/ckpt', self.was.st_mode & 0o7777)
