#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Writes kernel/image/schema.gen.[ch] from ckpt_image.proto; with --check only compares them.
# Needs protobuf-compiler and python3-protobuf.
set -eu

usage() {
	echo "usage: ${0##*/} [--check]"
	exit "$1"
}

check=
case "$#${1-}" in
0) ;;
1--check) check=1 ;;
1-h | 1--help) usage 0 ;;
*) usage 2 >&2 ;;
esac

top=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

protoc --include_source_info --descriptor_set_out="$tmp/set" -I "$top" "$top/uapi/ckpt_image.proto"
/usr/bin/python3 "$top/uapi/gen_schema.py" "$tmp/set" "$tmp/schema"

for f in schema.gen.h schema.gen.c; do
	if cmp -s "$tmp/$f" "$top/kernel/image/$f"; then
		continue
	fi
	if [ "$check" ]; then
		echo "kernel/image/$f is not what uapi/ckpt_image.proto says: run uapi/gen_schema.sh" >&2
		exit 1
	fi
	cp "$tmp/$f" "$top/kernel/image/$f"
	echo "kernel/image/$f"
done
