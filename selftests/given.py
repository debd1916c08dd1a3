#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""given.py - an image that was made on another machine

    selftests/vm.sh -k 7 -w DIR -- selftests/given.py make
    selftests/vm.sh -k 7 -w DIR -C qemu64 -- selftests/given.py refused
    selftests/vm.sh -k 7 -w DIR -c 1 -- selftests/given.py started

"make" writes an image into DIR; the others give it to rstr. A machine that has less than the other
had must refuse it by name, one where that makes no difference to a program starts it.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), 'lib'))
from ckpttest import WORK, KernelLog, Restart, Tap, built, ckpt, equal, module_idle, run

SHARED = '/mnt/out/given.img'
IMAGE = os.path.join(WORK, 'given.img')
REFUSAL = r'rstr: .*(this processor lacks|register state of \d+ bytes).*'


def make():
    # With a pid that nothing has in a machine that has just started.
    with open('/proc/sys/kernel/ns_last_pid', 'w') as f:
        f.write('20000')
    with subprocess.Popen(['/bin/busybox', 'sleep', '1000'], start_new_session=True, cwd='/',
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as p:
        try:
            ckpt(p.pid, IMAGE).ok()
        finally:
            p.kill()
    # Somebody on the host may be waiting for it: it appears as a whole.
    shutil.copy(IMAGE, SHARED + '.new')
    os.rename(SHARED + '.new', SHARED)


def refused():
    shutil.copy(SHARED, IMAGE)
    for options in ['--check'], []:
        run(['rstr', *options, '-i', IMAGE]).fails(125, REFUSAL)


def started():
    shutil.copy(SHARED, IMAGE)
    run(['rstr', '--check', '-i', IMAGE]).ok()
    restart = Restart(IMAGE)
    equal(restart.kill(), -signal.SIGKILL, 'end of rstr, which is that of its program')


def main():
    what = {f.__name__: f for f in (make, refused, started)}
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('what', choices=list(what))
    args = parser.parse_args()
    built()
    tap = Tap(KernelLog())
    tap.run('given.' + args.what, what[args.what])
    tap.run('given: nothing is left', module_idle)
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
