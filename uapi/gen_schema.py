#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Generates C structs and field tables for kernel/image/codec.c from a schema.

usage: gen_schema.py DESCRIPTOR_SET STEM

DESCRIPTOR_SET is what `protoc --include_source_info --descriptor_set_out` makes of a .proto;
STEM.gen.h and STEM.gen.c are written. gen_schema.sh runs both for the image.
"""

import re
import sys
from pathlib import Path

from google.protobuf import descriptor_pb2

F = descriptor_pb2.FieldDescriptorProto

# protobuf type: type in the table, type in C
SCALARS = {
    F.TYPE_UINT32: ("CODEC_U32", "u32"),
    F.TYPE_UINT64: ("CODEC_U64", "u64"),
    F.TYPE_SINT32: ("CODEC_S32", "s32"),
    F.TYPE_BOOL: ("CODEC_BOOL", "bool"),
    F.TYPE_ENUM: ("CODEC_ENUM", "u32"),
    F.TYPE_FIXED64: ("CODEC_FIXED64", "u64"),
}
BYTES = {
    F.TYPE_BYTES: "CODEC_BYTES",
    F.TYPE_STRING: "CODEC_STRING",
}

# Limits of kernel/image/codec.h.
DEPTH_MAX = 4
LEN_MAX = 0x3FFFFFFF

LINE_MAX = 100
# Of C, and macros of the kernel and of gcc.
KEYWORDS = set(
    "auto bool break case char const continue default do double else enum extern float for goto "
    "if inline int long register restrict return short signed sizeof static struct switch "
    "typedef union unsigned void volatile while current linux unix".split()
)


class SchemaError(Exception):
    pass


def snake(name):
    """X86Regs -> x86_regs"""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def comment(text):
    """The comment of a .proto as the words of a C comment."""
    text = " ".join(text.split())
    if "*/" in text:
        raise SchemaError(f"comment holds */: {text}")
    return text


def duplicates(names):
    return [n for i, n in enumerate(names) if n in names[:i]]


class Field:
    def __init__(self, owner, desc, remark, schema):
        self.name = desc.name
        self.where = f"{owner.name}.{desc.name}"
        self.number = desc.number
        self.remark = comment(remark)
        self.repeated = desc.label == F.LABEL_REPEATED
        self.optional = desc.label == F.LABEL_OPTIONAL
        self.packed = self.repeated and desc.options.packed
        self.bytes = desc.type in BYTES
        self.sub = None
        self.value_max = None
        self.macro = f"PB_{snake(owner.name)}_{desc.name}_MAX".upper()

        if self.name in KEYWORDS:
            raise SchemaError(f"{self.where}: the name is a keyword or macro in C")
        if desc.HasField("default_value") or desc.HasField("oneof_index"):
            raise SchemaError(f"{self.where}: default values and oneof are not supported")
        if self.repeated and self.bytes:
            raise SchemaError(f"{self.where}: repeated {self.c_name(desc)}: wrap it in a message")

        if desc.type in SCALARS:
            self.codec, self.ctype = SCALARS[desc.type]
        elif self.bytes:
            self.codec, self.ctype = BYTES[desc.type], "struct codec_bytes"
        elif desc.type == F.TYPE_MESSAGE:
            self.sub = desc.type_name.split(".")[-1]
            self.codec, self.ctype = "CODEC_MSG", f"struct pb_{snake(self.sub)}"
        else:
            raise SchemaError(f"{self.where}: type {self.c_name(desc)} is not supported")
        if desc.type == F.TYPE_ENUM:
            self.value_max = schema.enum_max(desc.type_name.split(".")[-1], self.where)

        found = re.match(r"max (\d+)(?:;|$)", self.remark)
        self.max = int(found.group(1)) if found else None
        bounded = self.repeated or self.bytes
        if bounded and not self.max:
            raise SchemaError(f"{self.where}: has no bound: say `// max N` behind it")
        if not bounded and self.max is not None:
            raise SchemaError(f"{self.where}: is not repeated, bytes or string: no bound for it")
        if self.max is not None and self.max > LEN_MAX:
            raise SchemaError(f"{self.where}: bound exceeds {LEN_MAX}")

    @staticmethod
    def c_name(desc):
        return F.Type.Name(desc.type)[5:].lower()

    def label(self):
        if self.packed:
            return "CODEC_PACKED"
        if self.repeated:
            return "CODEC_REPEATED"
        return "CODEC_OPTIONAL" if self.optional else "CODEC_REQUIRED"

    def presence(self):
        """The member that says whether, or how often, the field is there."""
        if self.repeated:
            return f"n_{self.name}"
        return f"has_{self.name}" if self.optional else None

    def members(self):
        """Declarations; the last one gets the comment."""
        lines = []
        if self.presence():
            lines.append(("u32 " if self.repeated else "bool ") + self.presence() + ";")
        lines.append(f"{self.ctype} {'*' if self.repeated else ''}{self.name};")
        return lines

    def initialiser(self, struct):
        parts = [f".name = \"{self.name}\"", f".number = {self.number}",
                 f".type = {self.codec}", f".label = {self.label()}",
                 f".offset = offsetof({struct}, {self.name})"]
        if self.presence():
            parts.append(f".presence = offsetof({struct}, {self.presence()})")
        parts.append(f".size = sizeof({self.ctype})")
        if self.max:
            parts.append(f".max = {self.macro}")
        if self.value_max is not None:
            parts.append(f".value_max = {self.value_max}")
        if self.sub:
            parts.append(f".sub = &pb_{snake(self.sub)}_msg")
        return parts


class Message:
    def __init__(self, desc, index, comments, schema):
        self.name = desc.name
        self.pb = f"pb_{snake(desc.name)}"
        self.struct = f"struct {self.pb}"
        self.remark = comment(comments.get((4, index), ("", ""))[0])
        if desc.nested_type or desc.enum_type or desc.extension or desc.extension_range:
            raise SchemaError(f"{desc.name}: nested types and extensions are not supported")
        self.fields = []
        for i, field in enumerate(desc.field):
            remark = comments.get((4, index, 2, i), ("", ""))[1]
            self.fields.append(Field(self, field, remark, schema))
        self.fields.sort(key=lambda f: f.number)

        members = [m for f in self.fields for m in (f.name, f.presence()) if m]
        twice = duplicates(members)
        if twice:
            raise SchemaError(f"{desc.name}: member {twice[0]} would occur twice in the struct")
        if not self.fields:
            raise SchemaError(f"{desc.name}: has no fields")

    def arena(self):
        """A C expression for the bytes of arena a message needs at most; None for 0."""
        terms = []
        for f in self.fields:
            inner = f.sub and self.subs[f.sub].arena()
            if f.repeated:
                size = f"CODEC_ALIGN({f.macro} * sizeof({f.ctype}))"
                terms.append(size)
                if inner:
                    terms.append(f"{f.macro} * PB_{snake(f.sub).upper()}_ARENA_MAX")
            elif inner:
                terms.append(f"PB_{snake(f.sub).upper()}_ARENA_MAX")
        return " + ".join(terms) if terms else None


class Schema:
    def __init__(self, desc, stem):
        self.stem = stem
        if desc.syntax not in ("", "proto2"):
            raise SchemaError(f"syntax is {desc.syntax}, not proto2")
        if desc.dependency:
            raise SchemaError("imports are not supported")
        self.source = desc.name
        comments = {}
        for loc in desc.source_code_info.location:
            comments[tuple(loc.path)] = (loc.leading_comments, loc.trailing_comments)
        self.enums = [(e, i) for i, e in enumerate(desc.enum_type)]
        self.comments = comments
        self.messages = {}
        for i, m in enumerate(desc.message_type):
            self.messages[m.name] = Message(m, i, comments, self)
        for m in self.messages.values():
            m.subs = self.messages
        self.order = []
        for name in self.messages:
            self.visit(name, [])
        self.check_names()

    def enum_max(self, name, where):
        """The largest value of an enum that is the type of a field."""
        values = next(e for e, _ in self.enums if e.name == name).value
        numbers = sorted(v.number for v in values)
        if numbers != list(range(len(numbers))):
            raise SchemaError(f"{where}: the values of {name} are not 0, 1, 2...")
        return f"PB_{max(values, key=lambda v: v.number).name}"

    def visit(self, name, outer):
        """Puts messages behind those they embed."""
        if name in outer:
            raise SchemaError(f"{name}: contains itself")
        if len(outer) >= DEPTH_MAX:
            raise SchemaError(f"{' > '.join(outer + [name])}: nests deeper than {DEPTH_MAX}")
        for f in self.messages[name].fields:
            if f.sub:
                self.visit(f.sub, outer + [name])
        if name not in self.order:
            self.order.append(name)

    def check_names(self):
        names = [m.pb for m in self.messages.values()]
        names += [f"pb_{snake(e.name)}" for e, _ in self.enums]
        names += [f.macro for m in self.messages.values() for f in m.fields if f.max]
        names += [f"{m.pb}_ARENA_MAX".upper() for m in self.messages.values()]
        names += [f"PB_{v.name}" for e, _ in self.enums for v in e.value]
        twice = duplicates(names)
        if twice:
            raise SchemaError(f"{twice[0]} would be defined twice")

    def head(self, text):
        return ["/*", f" * {text}", " *",
                f" * Generated by uapi/gen_schema.py from {self.source}: do not edit.", " */"]

    def header(self):
        out = ["/* SPDX-License-Identifier: GPL-2.0 */"]
        out += self.head(f"The messages of {self.source} as C structs.")
        guard = f"_CKPT_{self.stem.upper()}_GEN_H"
        out += [f"#ifndef {guard}", f"#define {guard}", "",
                '#include "codec.h"', ""]
        for e, i in self.enums:
            out += block(comment(self.comments.get((5, i), ("", ""))[0]))
            out.append(f"enum pb_{snake(e.name)} {{")
            for j, v in enumerate(e.value):
                remark = comment(self.comments.get((5, i, 2, j), ("", ""))[1])
                out += member([f"PB_{v.name} = {v.number},"], remark)
            out += ["};", ""]
        for name in self.order:
            m = self.messages[name]
            bounds = [f for f in m.fields if f.max]
            for f in bounds:
                out.append(f"#define {f.macro} {f.max}")
            out += [""] if bounds else []
            out += block(m.remark)
            out.append(f"{m.struct} {{")
            for f in m.fields:
                out += member(f.members(), f.remark)
            out += ["};", ""]
            if m.arena():
                out += wrap(f"#define {m.pb.upper()}_ARENA_MAX (", m.arena() + ")", " + ")
                out.append("")
            out += [f"extern const struct codec_msg {m.pb}_msg;", ""]
        out += [f"#endif /* {guard} */"]
        return "\n".join(out) + "\n"

    def source_file(self):
        out = ["// SPDX-License-Identifier: GPL-2.0"]
        out += self.head(f"The fields of the messages of {self.source}.")
        out += [f'#include "{self.stem}.gen.h"', ""]
        for name in self.order:
            m = self.messages[name]
            out.append(f"static const struct codec_field {m.pb}_fields[] = {{")
            for f in m.fields:
                out += braces(f.initialiser(m.struct))
            out += ["};", "", f"const struct codec_msg {m.pb}_msg = {{",
                    f"\t.name = \"{m.name}\",", f"\t.fields = {m.pb}_fields,",
                    f"\t.nr_fields = {len(m.fields)},", f"\t.size = sizeof({m.struct}),"]
            if m.arena():
                out.append(f"\t.arena_max = {m.pb.upper()}_ARENA_MAX,")
            out += ["};", ""]
        return "\n".join(out[:-1]) + "\n"


def block(text):
    """A comment in front of a declaration."""
    if not text:
        return []
    if len(text) + 6 <= LINE_MAX:
        return [f"/* {text} */"]
    lines = ["/*"]
    for word in text.split():
        if lines[-1] == "/*" or len(lines[-1]) + 1 + len(word) > LINE_MAX:
            lines.append(" *")
        lines[-1] += " " + word
    return lines + [" */"]


def member(declarations, remark):
    """Members of a struct, the last one with a comment."""
    lines = ["\t" + d for d in declarations]
    if remark:
        column = len(lines[-1]) + 7
        tabs = "\t" * max(1, (40 - column + 7) // 8)
        text = f"{lines[-1]}{tabs}/* {remark} */"
        if len(text.expandtabs(8)) <= LINE_MAX:
            lines[-1] = text
        else:
            lines.insert(0, f"\t/* {remark} */")
    return lines


def braces(parts):
    """One initialiser of a field table."""
    lines = ["\t{"]
    for part in parts:
        if len((lines[-1] + f" {part},").expandtabs(8)) > LINE_MAX:
            lines.append("\t ")
        lines[-1] += f" {part},"
    lines[-1] = lines[-1][:-1] + " },"
    return [re.sub(r"^\t  ", "\t  ", line) for line in lines]


def wrap(start, text, separator):
    """A macro whose terms go on separate lines where one would be too long."""
    if len(start) + len(text) <= LINE_MAX:
        return [start + text]
    terms = text.split(separator)
    lines = [start + "\\"] + [f"\t{t} + \\" for t in terms[:-1]] + ["\t" + terms[-1]]
    return lines


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    files = descriptor_pb2.FileDescriptorSet.FromString(Path(sys.argv[1]).read_bytes()).file
    stem = Path(sys.argv[2])
    try:
        if len(files) != 1:
            raise SchemaError(f"{len(files)} files in the descriptor set, expected 1")
        schema = Schema(files[0], stem.name)
        outputs = {".gen.h": schema.header(), ".gen.c": schema.source_file()}
    except SchemaError as e:
        sys.exit(f"gen_schema.py: {e}")
    for suffix, text in outputs.items():
        stem.with_name(stem.name + suffix).write_text(text)


if __name__ == "__main__":
    main()
