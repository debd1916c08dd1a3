# SPDX-License-Identifier: GPL-2.0
"""Programs that draw on a terminal: the screen is right after a restart, and all that follows.

A session is a list of steps: keys, and what is on the screen then. It runs once undisturbed, which
tells what the screen looks like after each step. Then it runs again; after some steps the program
is checkpointed and killed, and restarted on another terminal, as a job of a shell there. Nobody
touches a key before the screen there is what it was here.
"""

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time

from ckpttest import PATIENCE, WORK, Failure, alive, check, ckpt, equal, wait_until

ROWS, COLUMNS = 24, 80
IMAGE = os.path.join(WORK, 'terminal.img')
PIDFILE = IMAGE + '.pid'
# What vim leaves when it is killed.
SWAP = '.text.swp'
# pyte draws as the console does.
ENV = {'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LC_ALL': 'C.UTF-8', 'TERM': 'linux',
       'HOME': '/nonexistent', 'LESSHISTFILE': '-'}


def processes():
    """What the programs on terminals are about."""
    p = subprocess.run(['ps', '-eo', 'tty,pid,ppid,pgid,sid,stat,wchan:20,pending,caught,args'],
                       stdout=subprocess.PIPE, check=False)
    return '\n'.join(line for line in p.stdout.decode().split('\n') if line.startswith('pts'))


class Terminal:
    """A terminal, and a program that is started as the leader of its session."""

    def __init__(self, argv, stdin=None):
        import pyte
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', ROWS, COLUMNS, 0, 0))

        def child():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        self.proc = subprocess.Popen(argv, stdin=slave if stdin is None else stdin, stdout=slave,
                                     stderr=slave, env=ENV, preexec_fn=child)
        os.close(slave)

    def listen(self, seconds):
        """Show what comes within that time. Return: whether anything came."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            self.stream.feed(os.read(self.master, 65536))
        except OSError:
            # Nobody has it open any more.
            time.sleep(seconds)
            return False
        return True

    def keys(self, text):
        os.write(self.master, text.encode())

    def shows(self):
        """The last line has messages, which come and go."""
        return [line.rstrip() for line in self.screen.display[:-1]]

    def until(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if not self.listen(0.1) and time.monotonic() > deadline:
                raise Failure('%s; the screen is\n%s' % (what, '\n'.join(self.screen.display)))

    def quiet(self):
        while self.listen(0.7):
            pass

    def end(self):
        """Wait for the end. Return: exit status."""
        self.until(lambda: self.proc.poll() is not None, 'the program does not end')
        return self.proc.returncode

    def close(self):
        self.proc.kill()
        self.proc.wait()
        os.close(self.master)


class Session:
    """@steps: pairs of keys, and a text that is on the screen then; None: the program ends."""

    more = False
    package = None

    def __init__(self, argv, steps, result):
        self.argv, self.steps, self.result = argv, steps, result
        self.screens = []
        self.data = None

    def missing(self):
        try:
            import pyte  # pylint: disable=unused-import
        except ImportError:
            return 'there is no pyte (package python3-pyte)'
        return None if os.path.exists(self.argv[0]) else 'there is no ' + self.argv[0]

    def prepare(self):
        if os.path.exists(SWAP):
            os.unlink(SWAP)
        with open('text', 'w') as f:
            f.writelines('line %d of the text, %x\n' % (n, n * 7919 % 65537) for n in range(300))

    def read_result(self):
        with open(self.result) as f:
            return f.read()

    def undisturbed(self):
        self.prepare()
        terminal = Terminal(self.argv)
        try:
            for keys, text in self.steps:
                terminal.keys(keys)
                if text is None:
                    equal(terminal.end(), 0, 'exit status')
                    break
                terminal.until(lambda: any(text in line for line in terminal.screen.display),
                               'there is no "%s" on the screen' % text)
                terminal.quiet()
                self.screens.append(terminal.shows())
        finally:
            terminal.close()
        self.data = self.read_result()

    def disturbed(self, moments):
        """@moments: number of a step -> whether to checkpoint through a pipe after it"""
        self.prepare()
        terminal = Terminal(self.argv)
        pid = terminal.proc.pid
        try:
            for n, (keys, text) in enumerate(self.steps):
                terminal.keys(keys)
                if text is None:
                    equal(terminal.end(), 0, 'exit status')
                    break
                want = self.screens[n]
                terminal.until(lambda: terminal.shows() == want,
                               'the screen is not right after step %d' % n)
                if n in moments:
                    ckpt(pid, IMAGE, '--kill', pipe=moments[n]).ok()
                    terminal.proc.wait()
                    terminal.close()
                    terminal = self.restart(pid, moments[n])
                    terminal.until(lambda: terminal.shows() == want,
                                   'the screen is not right after a restart at step %d' % n)
                    # less loses a key that comes at the same time as a request to draw again.
                    terminal.quiet()
            equal(self.read_result(), self.data, 'what it leaves in a file')
        except Failure as e:
            raise Failure('%s\n%s' % (e, processes())) from None
        finally:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
            terminal.close()
            for name in (IMAGE, PIDFILE):
                if os.path.exists(name):
                    os.unlink(name)

    def restart(self, pid, pipe):
        """A shell with job control is told if the program stops."""
        # A shell that has nothing to do afterwards would make room for rstr.
        script = ('cat "$0" | rstr --pidfile "$1"' if pipe else
                  'rstr -i "$0" --pidfile "$1"') + '; exit'
        wait_until(lambda: not alive(pid), 'the killed program does not end')
        terminal = Terminal(['/bin/bash', '-mc', script, IMAGE, PIDFILE])
        try:
            terminal.until(lambda: os.path.exists(PIDFILE) or terminal.proc.poll() is not None,
                           'rstr does not come to an end')
            check(os.path.exists(PIDFILE),
                  'rstr has failed:\n' + '\n'.join(terminal.screen.display))
            with open(PIDFILE) as f:
                equal(int(f.read()), pid, 'pid of the restarted program')
            os.unlink(PIDFILE)
        except Failure:
            terminal.close()
            raise
        return terminal


SESSIONS = {
    'vim': Session(
        ['/usr/bin/vim', '-u', 'NONE', '-N', '-i', 'NONE', '--cmd', 'set t_u7= t_RV=', 'text'],
        [('', 'line 0 of'), ('10Gdd', 'line 10 of'), ('oanother line', 'another line'),
         (' goes on\033', 'another line goes on'), (':%s/line/row/\r', 'row 289 of'),
         (':set number\r', '299 row'), ('/row 77 o\r', ' row 77 of'), ('V3jd', ' row 81 of'),
         (':split\r:2\r', 'row 1 of'), ('/nothing like tha', 'nothing like tha'),
         ('\033ihalf a wo', 'half a wo'), ('rd\033u', 'row 1 of'), (':wqa\r', None)],
        'text'),
    'less': Session(
        ['/usr/bin/less', 'text'],
        [('', 'line 0 of'), (' ', 'line 30 of'), ('/e 123\r', 'line 123 of'), ('-N\r', '123 '),
         ('G', 'line 299 of'), ('?e 200 o\r', 'line 200 of'), ('g', 'line 0 of'),
         ('5j', 'line 5 of'), ('q', None)],
        'text'),
    'curses': Session(
        ['/usr/bin/python3', '-q', '-c',
         'import curses\n'
         'def main(w):\n'
         '    w.border(); n = 0\n'
         '    while True:\n'
         '        k = w.getch()\n'
         '        if k == ord("q"): break\n'
         '        if k == curses.KEY_RESIZE: continue\n'
         '        n += k; w.addstr(n % 20 + 1, n % 60 + 1, "key %d" % n)\n'
         'curses.wrapper(main)\n'],
        [('a', 'key 97'), ('b', 'key 195'), ('c', 'key 294'), ('q', None)],
        'text'),
}
