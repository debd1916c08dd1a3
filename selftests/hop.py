#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""hop.py - subjects that are checkpointed on one machine and restarted on another

    selftests/vm.sh -k 6.12 -w DIR -- selftests/hop.py save [--as NAME] [TEST...]
    selftests/vm.sh -k 6.12 -w DIR -- selftests/hop.py load [--from NAME] [--refused WHY]

"save" starts subjects (see run.py) and a plain program, checkpoints and kills them, and puts their
images and their files into DIR/NAME. "load", on another machine, puts the files back and restarts
them all, each under its pid; they judge themselves. With --refused rstr has to refuse them all, as
a machine that lacks something: "kernel", for another one has another vDSO, or "processor".

selftests/hop.sh does both, and knows when a refusal is due.
"""

import argparse
import functools
import os
import random
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), 'lib'))
from ckpttest import (WORK, Failure, Restart, Skip, built, check, ckpt, equal, run, run_tests,
                      wait_until)
from run import Subject, tests

SHARED = '/mnt/out'
TESTS = ('mem.working', 'file.positions', 'unlinked.one_file', 'pipe.content', 'thread.ten')
# Pids that nothing has in a machine that has just started, each with room for its threads.
FIRST_PID, PIDS = 3000000, 1000
REFUSALS = {
    'kernel': r'rstr: .*the vDSO of Linux .* is not that of this kernel.*',
    'processor': r'rstr: .*(this processor lacks|register state of \d+ bytes).*',
}
# Files that were carried over are others than those that the program had, and the clocks of
# another machine begin anew.
REMARKS = re.compile(r'rstr: .* is another file than at the checkpoint, and is opened with your '
                     r'rights|rstr: .*this machine has been up for .* less than the image.s: .*')


class Pids:
    """The next process gets a pid from an upper range; afterwards it is as before."""

    def __init__(self, nr):
        self.first = FIRST_PID + nr * PIDS

    def __enter__(self):
        with open('/proc/sys/kernel/ns_last_pid') as f:
            self.last = f.read()
        self.set(str(self.first))

    def __exit__(self, *_):
        self.set(self.last)

    @staticmethod
    def set(text):
        with open('/proc/sys/kernel/ns_last_pid', 'w') as f:
            f.write(text)


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)


def read(path):
    with open(path) as f:
        return f.read()


class Carried(Subject):
    """A subject with its place in the directory that both machines see."""

    def __init__(self, test, place):
        super().__init__(test, random.Random(str(test)), 'hop.' + str(test))
        self.place = os.path.join(place, str(test))

    def save(self, nr):
        os.makedirs(self.place)
        with Pids(nr):
            self.start()
        self.ready()
        for key in ('refuse', 'timed'):
            if self.told(key):
                raise Skip('it cannot be restarted elsewhere: %s' % key)
        self.nap()
        self.checkpoint('--kill')
        self.kill()
        run(['tar', '-C', WORK, '--sparse', '--numeric-owner', '-cf', self.place + '/files.tar',
             os.path.basename(self.ctl)]).ok()
        shutil.copy(self.image, self.place + '/image')
        write(self.place + '/pid', str(self.pid))

    def fetch(self):
        shutil.rmtree(self.ctl)
        run(['tar', '-C', WORK, '--numeric-owner', '-xpf', self.place + '/files.tar']).ok()
        shutil.copy(self.place + '/image', self.image)
        self.pid = int(read(self.place + '/pid'))

    def load(self, refused):
        self.fetch()
        if refused:
            refuses(self.image, refused)
            check(self.gone(), 'there is a process of what was refused')
            return
        self.restore('--accept-other-files', '--accept-changed-files')
        self.nap()
        self.end()

    def said(self):
        return [line for line in super().said() if not REMARKS.fullmatch(line)]


def refuses(image, why):
    for options in ['--check'], ['--accept-other-files']:
        run(['rstr', *options, '-i', image]).fails(125, REFUSALS[why])


class Plain:
    """A program whose files are on both machines: it is restarted without any option."""

    name = 'plain'

    def __init__(self, place):
        self.place = os.path.join(place, self.name)
        self.image = os.path.join(WORK, 'hop.plain.img')

    def save(self, nr):
        os.makedirs(self.place)
        nothing = subprocess.DEVNULL
        with Pids(nr):
            p = subprocess.Popen(['/bin/busybox', 'sleep', '1000'], start_new_session=True,
                                 cwd='/', stdin=nothing, stdout=nothing, stderr=nothing)
        try:
            ckpt(p.pid, self.image).ok()
        finally:
            p.kill()
            p.wait()
        shutil.copy(self.image, self.place + '/image')

    def load(self, refused):
        shutil.copy(self.place + '/image', self.image)
        if refused:
            refuses(self.image, refused)
            return
        run(['rstr', '--check', '-i', self.image]).ok()
        restart = Restart(self.image)
        equal(restart.kill(), -signal.SIGKILL, 'end of rstr, which is that of its program')

    def close(self):
        if os.path.exists(self.image):
            os.unlink(self.image)


def carry(kind, place, method, *args):
    """Run a method of a Carried or of a Plain, and put away what is left of it."""
    thing = Plain(place) if kind is Plain else Carried(kind, place)
    try:
        getattr(thing, method)(*args)
    finally:
        thing.close()


def save(place, wanted):
    saved = []

    def one(kind, name, nr):
        carry(kind, place, 'save', nr)
        saved.append(name)

    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    kinds = {Plain.name: Plain, **{str(test): test for test in tests(wanted or TESTS)}}
    status = run_tests('hop.save', {name: functools.partial(one, kind, name, nr)
                                    for nr, (name, kind) in enumerate(kinds.items())}, list(kinds))
    # Others may be waiting for it: it appears as a whole.
    write(place + '/new', '\n'.join(saved) + '\n')
    os.rename(place + '/new', place + '/saved')
    return status


def load(place, refused):
    try:
        wait_until(lambda: os.path.exists(place + '/saved'), 'nothing was saved', 600, 0.5)
    except Failure as e:
        sys.exit('%s in %s' % (e, place))
    names = read(place + '/saved').split()
    kinds = {name: Plain if name == Plain.name else tests([name])[0] for name in names}
    return run_tests('hop.refused' if refused else 'hop.load',
                     {name: functools.partial(carry, kind, place, 'load', refused)
                      for name, kind in kinds.items()}, names)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    p = commands.add_parser('save')
    p.add_argument('--as', dest='name', default='hop')
    p.add_argument('tests', nargs='*', metavar='TEST')
    p = commands.add_parser('load')
    p.add_argument('--from', dest='name', default='hop')
    p.add_argument('--refused', choices=list(REFUSALS))
    args = parser.parse_args()
    built()
    place = os.path.join(SHARED, args.name)
    if args.command == 'save':
        return save(place, args.tests)
    return load(place, args.refused)


if __name__ == '__main__':
    sys.exit(main())
