# SPDX-License-Identifier: GPL-2.0
"""Subjects that are restarted again and again by cycle.c, which needs no tools."""

import os
import re
import shutil
import subprocess

from ckpttest import PATIENCE, PROGRAMS, WORK, Failure, Untimely, exit_text

CYCLE = os.path.join(PROGRAMS, 'cycle')
NOT_FOR_CYCLE = 77


class Life:
    """A subject, restarted some times. The result: how often."""

    def __init__(self, program, test):
        self.program, self.test = program, test
        self.name = '%s.%s' % (program, test)
        self.restarts = 0

    def run(self, rounds, seed):
        ctl = os.path.join(WORK, 'cycle.' + self.name)
        shutil.rmtree(ctl, ignore_errors=True)
        os.mkdir(ctl)
        os.chmod(ctl, 0o777)
        try:
            return self.judge(ctl, rounds, subprocess.run(
                [CYCLE, str(rounds), str(seed), os.path.join(PROGRAMS, self.program + '_test'),
                 self.test],
                cwd=WORK, env=dict(os.environ, CKPT_CTL=ctl), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=10 * PATIENCE,
                check=False))
        except subprocess.TimeoutExpired:
            raise Failure('%s does not end' % self.name) from None
        finally:
            shutil.rmtree(ctl, ignore_errors=True)

    def judge(self, ctl, rounds, p):
        if p.returncode == NOT_FOR_CYCLE:
            return 0
        said = p.stderr.decode(errors='replace')
        if re.search(r'^(checkpoint|restart) \d+: ', said, re.M):
            raise Failure('%s: %s' % (self.name, said))
        lines = []
        if os.path.exists(os.path.join(ctl, 'result')):
            with open(os.path.join(ctl, 'result')) as f:
                lines = f.read().splitlines()
        if any(l.startswith('ok ') and '# SKIP' in l for l in lines):
            return 0
        if p.returncode == 0 and any(l.startswith('ok ') for l in lines):
            return rounds
        timed = lines and os.path.exists(os.path.join(ctl, 'timed'))
        # A check that fails in a loop says so thousands of times.
        if len(lines) > 40:
            lines[20:-20] = ['(%d lines more)' % (len(lines) - 40)]
        raise (Untimely if timed else Failure)('%s: %s\n%s%s' % (
            self.name, exit_text(p.returncode), said, '\n'.join(lines)))
