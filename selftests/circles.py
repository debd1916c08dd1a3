#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Finds units of kernel/ that include each other in a circle.

A unit is X.c together with X.h. Unit A needs unit B if a file of A includes one of B by
#include "...". Units that can reach each other that way are one circle: none of them can be read,
changed or tested without all the others.
"""

import argparse
import os
import re
import sys

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def needed(root):
    """Return for each unit the units that it includes."""
    units = {}
    for where, _, names in os.walk(root):
        for name in sorted(names):
            if not name.endswith(('.c', '.h')) or name.endswith('.mod.c'):
                continue
            unit = os.path.join(where, name)[:-2]
            with open(os.path.join(where, name), encoding='utf-8') as f:
                found = INCLUDE.findall(f.read())
            needs = units.setdefault(unit, set())
            for path in found:
                other = os.path.normpath(os.path.join(where, path))[:-2]
                if other != unit and other.startswith(root + os.sep):
                    needs.add(other)
    return units


def circles(units):
    """Return the strongly connected components of more than one unit (Tarjan's algorithm)."""
    order, low, stack, found = {}, {}, [], []

    def visit(unit):
        order[unit] = low[unit] = len(order)
        stack.append(unit)
        for other in sorted(units.get(unit, ())):
            if other not in order:
                visit(other)
                low[unit] = min(low[unit], low[other])
            elif other in stack:
                low[unit] = min(low[unit], order[other])
        if low[unit] == order[unit]:
            at = stack.index(unit)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for unit in sorted(units):
        if unit not in order:
            visit(unit)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--strict', action='store_true', help='fail if there is a circle')
    parser.add_argument('root', nargs='?', default='kernel', help='folder to look into')
    args = parser.parse_args()

    root = os.path.normpath(args.root)
    units = needed(root)
    if not units:
        parser.error('no units in ' + root)
    found = circles(units)
    for circle in found:
        print('%d units include each other:' % len(circle))
        for unit in circle:
            print('  %s includes %s' % (unit, ' '.join(sorted(units[unit] & set(circle)))))
    return 1 if found and args.strict else 0


if __name__ == '__main__':
    sys.exit(main())
