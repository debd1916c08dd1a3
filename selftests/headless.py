#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Finds sentences that begin with a bare "Who", "What", "Of", "Nor" and the like.

Such a sentence leaves its subject to be guessed: "What was killed takes its parts along." A comment
or a document names the subject: "If the target was killed, its state is gone." Questions, headings,
cells of tables and examples of code are left alone.

Reads comments of C and .proto files, Markdown, and manual pages.
"""

import argparse
import re
import sys

HEADLESS = re.compile(r'''["'(*]*(Who|Whom|Whose|Whoever|What|Whatever|Of|Nor)\b(?! course\b)''')
SENTENCE = re.compile(r'(?<=[.!?])["\')]*\s+(?=["\'(*]*[A-Z])')
# Strings and characters hide what looks like a comment in them.
TOKENS = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.S)
MARK = re.compile(r'(@[\w.]+|Return|[\w ]+\(\)|(struct|enum|union) \w+|[A-Z_0-9]+)( -|:) ')
ROFF_FONTS = ('B', 'I', 'BR', 'BI', 'IR', 'IB', 'RB', 'RI')


def of_c(text):
    """Yield (line, text) of comments; an empty text ends a paragraph."""
    last = -1
    for token in TOKENS.finditer(text):
        if token.group()[0] != '/':
            continue
        line = text.count('\n', 0, token.start()) + 1
        # Lines of // that follow each other are one comment, if nothing else stands before them.
        alone = not text[text.rfind('\n', 0, token.start()) + 1:token.start()].strip()
        if not (token.group().startswith('//') and alone and line == last + 1):
            yield line, ''
        last = line
        for n, words in enumerate(token.group().split('\n')):
            words = words.strip().removeprefix('//').removesuffix('*/')
            words = re.sub(r'^(/\*+!?|\*)\s?', '', words).strip()
            # In kernel-doc a member or "Return:" begins something new.
            mark = MARK.match(words)
            if mark:
                yield line + n, ''
                words = words[mark.end():]
            yield line + n, words
    yield 0, ''


def of_markdown(text):
    code = False
    for line, words in enumerate(text.split('\n'), 1):
        if words.startswith('```'):
            code = not code
        words = words.rstrip()
        if code or words.startswith(('```', '#', '    ', '\t')):
            yield line, ''
            continue
        if words.startswith('|'):
            # A cell may be a few words; what follows its first sentence is prose.
            for cell in words.strip('|').split('|'):
                yield line, ''
                yield line, re.sub(r'^\s*\w+', 'Cell', cell)
            yield line, ''
            continue
        item = re.match(r'\s*([-*]|\d+\.) ', words)
        if item:
            yield line, ''
            words = words[item.end():]
        yield line, words.strip()
    yield 0, ''


def of_roff(text):
    code = False
    for line, words in enumerate(text.split('\n'), 1):
        words = re.sub(r'\\f[BIRP]|\\&', '', words).replace('\\-', '-')
        if words.startswith(('.', "'")):
            macro, _, rest = words[1:].partition(' ')
            code = macro in ('EX', 'nf') or code and macro not in ('EE', 'fi')
            if macro in ROFF_FONTS and not code:
                yield line, rest.replace('"', '')
            elif not macro.startswith('\\"'):
                yield line, ''
        elif code:
            yield line, ''
        else:
            yield line, words
    yield 0, ''


def headless(lines):
    """Yield (line, sentence) of what has no head."""
    paragraph = []
    for line, words in lines:
        if words:
            paragraph.append((line, words))
            continue
        text = ' '.join(words for _, words in paragraph)
        at = 0
        for end in [m.end() for m in SENTENCE.finditer(text)] + [len(text)]:
            sentence = text[at:end].strip()
            if HEADLESS.match(sentence) and not sentence.rstrip('"\')*').endswith('?'):
                left = at
                for number, words in paragraph:
                    if left < len(words) + 1:
                        break
                    left -= len(words) + 1
                yield number, sentence
            at = end
        paragraph = []


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--strict', action='store_true', help='fail if there is one')
    parser.add_argument('file', nargs='+')
    args = parser.parse_args()

    found = False
    for name in args.file:
        with open(name, encoding='utf-8') as f:
            text = f.read()
        if name.endswith(('.c', '.h', '.proto')):
            lines = of_c(text)
        elif name.endswith('.md'):
            lines = of_markdown(text)
        else:
            lines = of_roff(text)
        for line, sentence in headless(lines):
            print('%s:%d: %s' % (name, line, sentence))
            found = True
    return 1 if found and args.strict else 0


if __name__ == '__main__':
    sys.exit(main())
