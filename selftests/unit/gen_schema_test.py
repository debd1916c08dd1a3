#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Tests of uapi/gen_schema.py: schemas that it must refuse, and that it is told of drift.

Prints TAP.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
NEST = "message {0} {{ optional {1} m = 1; }}\n"

# name, body of a schema, what the error says (None: accepted)
SCHEMAS = [
    ("a plain schema", "message A { required uint32 a = 1; }", None),
    ("a bound with a remark", "message A { required bytes a = 1; // max 4; a remark\n}", None),
    ("bytes without a bound", "message A { required bytes a = 1; }", "A.a: has no bound"),
    ("a string without a bound", "message A { optional string a = 1; // text\n}",
     "A.a: has no bound"),
    ("an array without a bound", "message A { repeated uint32 a = 1; }", "A.a: has no bound"),
    ("a bound of 0", "message A { required bytes a = 1; // max 0\n}", "A.a: has no bound"),
    ("a bound that is not one", "message A { required bytes a = 1; // max 4 bytes\n}",
     "A.a: has no bound"),
    ("a bound for a number", "message A { required uint32 a = 1; // max 4\n}",
     "A.a: is not repeated"),
    ("a bound that is too large", "message A { required bytes a = 1; // max 1073741824\n}",
     "A.a: bound exceeds"),
    ("an array of bytes", "message A { repeated bytes a = 1; // max 4\n}",
     "A.a: repeated bytes"),
    ("int32", "message A { required int32 a = 1; }", "A.a: type int32 is not supported"),
    ("double", "message A { required double a = 1; }", "A.a: type double is not supported"),
    ("a default value", "message A { optional uint32 a = 1 [default = 3]; }",
     "A.a: default values"),
    ("a oneof", "message A { oneof o { uint32 a = 1; } }", "A.a: default values and oneof"),
    ("a map", "message A { map<uint32, uint32> a = 1; // max 4\n}", "A: nested types"),
    ("a nested message", "message A { message B { required uint32 b = 1; } }",
     "A: nested types"),
    ("extensions", "message A { required uint32 a = 1; extensions 100 to 200; }",
     "A: nested types and extensions"),
    ("an enum with a hole", "enum E { E0 = 0; E2 = 2; } message A { required E a = 1; }",
     "A.a: the values of E are not 0, 1, 2"),
    ("an enum with a hole that is the type of nothing",
     "enum E { E0 = 0; E2 = 2; } message A { required uint32 a = 1; }", None),
    ("a message within itself", "message A { repeated A a = 1; // max 4\n}",
     "A: contains itself"),
    ("a message within itself, in a circle", NEST.format("A", "B") + NEST.format("B", "A"),
     "A: contains itself"),
    ("four levels", "".join(NEST.format(*p) for p in ("AB", "BC", "CD"))
     + "message D { required uint32 a = 1; }", None),
    ("five levels", "".join(NEST.format(*p) for p in ("AB", "BC", "CD", "DE"))
     + "message E { required uint32 a = 1; }", "A > B > C > D > E: nests deeper than 4"),
    ("a message without fields", "message A { }", "A: has no fields"),
    ("a keyword", "message A { required uint32 default = 1; }", "A.default: the name is"),
    ("has_ of a field is a field",
     "message A { optional uint32 a = 1; required bool has_a = 2; }", "A: member has_a"),
    ("two messages of one name in C", "message AaB { required uint32 a = 1; } "
     "message Aa_b { required uint32 a = 1; }", "pb_aa_b would be defined twice"),
    ("another syntax", None, "syntax is proto3"),
]


def generate(directory, body):
    """The generator's error, or None."""
    proto = directory / "t.proto"
    text = f'syntax = "proto2";\n{body}\n'
    if body is None:
        text = 'syntax = "proto3";\nmessage A { uint32 a = 1; }\n'
    proto.write_text(text)
    subprocess.run(["protoc", "--include_source_info", f"--descriptor_set_out={directory}/set",
                    "-I", directory, proto], check=True, stderr=subprocess.DEVNULL)
    done = subprocess.run([TOP / "uapi/gen_schema.py", directory / "set", directory / "t"],
                          stderr=subprocess.PIPE, text=True)
    return done.stderr.strip() if done.returncode else None


def drift(directory, edit):
    """gen_schema.sh --check in a copy of the tree in which `edit` was done."""
    copy = directory / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    (copy / "kernel/image").mkdir(parents=True)
    shutil.copytree(TOP / "uapi", copy / "uapi")
    for name in ("schema.gen.h", "schema.gen.c"):
        shutil.copy(TOP / "kernel/image" / name, copy / "kernel/image")
    edit(copy)
    return subprocess.run([copy / "uapi/gen_schema.sh", "--check"], stderr=subprocess.PIPE,
                          text=True)


def add_field(tree):
    proto = tree / "uapi/ckpt_image.proto"
    proto.write_text(proto.read_text() + "message Added { required uint32 a = 1; }\n")


def edit_output(tree):
    with (tree / "kernel/image/schema.gen.c").open("a") as f:
        f.write("/* by hand */\n")


def main():
    results = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for title, body, expect in SCHEMAS:
            error = generate(directory, body)
            good = error is None if expect is None else error is not None and expect in error
            results.append((good, title, error))
        for title, edit, expect in [
            ("the tree as it is", lambda tree: None, None),
            ("the schema has changed", add_field, "kernel/image/schema.gen.h is not what"),
            ("the output was edited", edit_output, "kernel/image/schema.gen.c is not what"),
        ]:
            done = drift(directory, edit)
            good = (done.returncode == 0) if expect is None else (
                done.returncode == 1 and done.stderr.startswith(expect)
                and done.stderr.count("\n") == 1)
            results.append((good, f"--check: {title}", done.stderr.strip()))

    print(f"TAP version 13\n1..{len(results)}")
    for i, (good, title, error) in enumerate(results, 1):
        if not good:
            print(f"# {error}")
        print(f"{'' if good else 'not '}ok {i} - {title}")
    sys.exit(not all(r[0] for r in results))


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
