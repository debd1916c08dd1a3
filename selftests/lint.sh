#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lint.sh - what can be said about the tree by looking at it; output is TAP
#
# checkpatch is the kernel's, from the source that kernels.sh keeps. Every message fails, its
# CHECKs too, but for those listed below with the reason. sparse and W=1 are part of building the
# module (check.sh). This looks at text, and compiles once: for arm64, see kernels.sh.
set -u

usage()
{
	cat <<'END'
Usage: lint.sh

Looks at all files of the tree, those not yet known to git included. Output is TAP.
END
}

case ${1-} in
'') ;;
-h|--help) usage; exit ;;
*) usage >&2; exit 2 ;;
esac

cd "$(dirname "$0")/.." || exit 2
export LC_ALL=C.UTF-8
tmp=$(mktemp -d "${TMPDIR:-/tmp}/ckpt-lint.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# What does not apply: files (a regular expression), types, and why not.
ignored()
{
	cat <<'END'
kernel/compat/.*\.h	LINUX_VERSION_CODE,CONSTANT_COMPARISON	out of tree there is more than one version; it is told here and nowhere else
kernel/core/symbols\.[ch]	COMPLEX_MACRO,MACRO_ARG_REUSE,TRAILING_SEMICOLON,MULTISTATEMENT_MACRO_USE_DO_WHILE,BRACKET_SPACE,SPACING	tables of rows: what expands them are definitions, no statements
kernel/arch/x86/native\.h	COMPLEX_MACRO,MACRO_ARG_REUSE	rows for the table in core/symbols.h
kernel/(core/kinds\.c|file/file_kind\.h)	COMPLEX_MACRO,TRAILING_SEMICOLON	expand the table of kinds of files
kernel/image/object\.h	MACRO_ARG_REUSE	a loop, as the kernel has them
kernel/task/thread\.c	UNCOMMENTED_DEFINITION	a struct of ipc/sem.c, as it is there
kernel/(mm/mm|arch/x86/regs)\.c	MACRO_ARG_REUSE,COMPLEX_MACRO	names a field for offsetof() more than once, in a table
uapi/.*	BIT_MACRO	BIT() is not there for user space
uapi/ckpt_image\.h	COMPLEX_MACRO,MACRO_ARG_REUSE	the table of records
uapi/ckpt_image\.h	STRING_FRAGMENTS	the magic: an escape must not swallow the letters behind it
(tools|selftests)/.*	PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,BIT_MACRO	user space has stdint.h and no linux/compiler.h
(tools|selftests)/.*	CAMELCASE	names of protobuf-c, libFuzzer, elf.h, inttypes.h
(tools|selftests)/.*	EMBEDDED_FUNCTION_NAME	messages are for users; a word in one may be a function's name
tools/lib/schema\.c	MULTISTATEMENT_MACRO_USE_DO_WHILE,MACRO_WITH_FLOW_CONTROL,TRAILING_SEMICOLON	expand the table of records into case labels
selftests/.*_test\.c	BRACES	EXPECT_ and ASSERT_ are two statements
selftests/race/race_test\.c	SPACING	takes FIXTURE_DATA(...) *self for a product
selftests/hostile/attempt\.h	PARENTHESIS_ALIGNMENT	the parameters of a function whose name fills the line
selftests/(hostile|race|scale|lib)/.*\.c	MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE,COMPLEX_MACRO	a test's own macros, used with plain arguments
tools/ckptinfo/model_add\.h	MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE	used with plain variables and names of fields
selftests/.*	VOLATILE	programs that look whether memory and registers keep what was put there
selftests/.*	MULTIPLE_ASSIGNMENTS	the same value for several fields of a sample is meant
selftests/regs_test\.c	LINE_SPACING,LEADING_SPACE,AVOID_EXTERNS,COMPLEX_MACRO,MACRO_ARG_REUSE	assembler in strings
tools/lib/section\.c	BRACKET_SPACE	a designated initialiser of an array, made by a macro
tools/lib/schema\.c	COMPARISON_TO_NULL	takes "return *(...)*x != NULL" for a comparison of its last part
selftests/lib/subject\.h	FUNCTION_ARGUMENTS	takes "__attribute__((noreturn))" for an argument
selftests/file_test\.c	QUOTED_WHITESPACE_BEFORE_NEWLINE	a file name that is hard on purpose
selftests/unit/mkimage\.c	SPLIT_STRING	a name longer than a line
selftests/.*_test\.c	OPEN_ENDED_LINE	"asm goto volatile(" opens a block of lines
selftests/unit/codec_(test\.c|refused\.h)	STRING_FRAGMENTS	bytes of a message, cut where its fields begin
END
}

# ---- TAP ----------------------------------------------------------------------

count=0
failed=0

# result NAME FILE: passed if FILE, its complaints, is empty
result()
{
	count=$((count + 1))
	if [ -s "$2" ]; then
		failed=$((failed + 1))
		echo "not ok $count $1"
		sed 's/^/# /' "$2"
	else
		echo "ok $count $1"
	fi
}

# ---- what there is ------------------------------------------------------------

if git rev-parse --git-dir > /dev/null 2>&1; then
	git ls-files --cached --others --exclude-standard
else
	find . -type f ! -path './build/*' ! -path './.git/*' | sed 's,^\./,,'
fi | sort -u | while read -r f; do
	[ ! -f "$f" ] || echo "$f"
done > "$tmp/files"

of() { grep -E "$1" "$tmp/files"; }

of '^(kernel|uapi|tools|selftests)/.*\.[ch]$' | grep -v '\.gen\.[ch]$' > "$tmp/c"
of '.' | while read -r f; do
	case $f in
	*.bash) echo "$f" ;;
	*) head -n 1 "$f" | tr -d '\0' | grep -qE '^#!.*\b(ba|da)?sh\b' && echo "$f" ;;
	esac
done > "$tmp/scripts"
of '\.py$' > "$tmp/python"
while read -r f; do
	head -n 1 "$f" | tr -d '\0' | grep -q '^#!.*python' && echo "$f"
done < "$tmp/files" >> "$tmp/python"
sort -u -o "$tmp/python" "$tmp/python"

# ---- checkpatch -----------------------------------------------------------------

# Takes its time, so its words on a file are kept in build/lint/ until the file changes.
cache=${CKPT_BUILD:-$PWD/build}/lint

checkpatch()
{
	local source sum file key

	source=$(selftests/kernels.sh source) || return 1
	# To tell a declaration from a multiplication it has to know types that are no "struct";
	# longer names first, since it takes the first that fits.
	xargs grep -ohE '\b(ProtobufC|Ckpt__)[A-Za-z0-9]+\b' < "$tmp/c" | sort -u |
		awk '{ print length, $0 }' | sort -rn | cut -d ' ' -f 2 > "$tmp/typedefs"

	mkdir -p "$cache"
	key=$(cat "$tmp/typedefs" "$source/done" "$0" | sha256sum | cut -c 1-12)
	xargs sha256sum < "$tmp/c" | while read -r sum file; do
		echo "$key-${sum:0:24} $file"
	done > "$tmp/sums"
	while read -r sum file; do
		[ -e "$cache/$sum" ] || echo "$file"
	done < "$tmp/sums" > "$tmp/todo"
	# Small portions, so that no core waits for the other.
	# shellcheck disable=SC2016 # expanded by the inner shell
	xargs -r -P "$(nproc)" -n 3 bash -c '
		perl "$0" --strict --no-tree --max-line-length=100 --no-summary --show-types \
			--terse --typedefsfile="$1" -f "${@:3}" > "$2/messages.$$" 2>&1
		true' "$source/scripts/checkpatch.pl" "$tmp/typedefs" "$tmp" < "$tmp/todo"
	# Of these files alone it can say something; anything else is about checkpatch itself.
	cat "$tmp"/messages.* 2> /dev/null > "$tmp/messages"
	if grep -vE '^[^:]+:[0-9]+: [A-Z]+:[A-Z_0-9]+: ' "$tmp/messages"; then
		return 1
	fi
	while read -r sum file; do
		[ -e "$cache/$sum" ] || grep -F "$file:" "$tmp/messages" > "$cache/$sum"
		cat "$cache/$sum"
	done < "$tmp/sums" > "$tmp/found"
	find "$cache" -type f ! -name "$key-*" -delete
}

# The table of what does not apply, and two cases that are looked up: a lock that is described where
# its struct is, in kernel-doc, which checkpatch does not read; and "a != (b == c)", where gcc wants
# the parentheses.
applies()
{
	ignored > "$tmp/ignored"
	awk -v table="$tmp/ignored" '
		BEGIN {
			while ((getline line < table) > 0) {
				n++
				split(line, part, "\t")
				file[n] = "^(" part[1] "):"
				type[n] = "," part[2] ","
			}
		}
		{
			split($0, part, ":")
			for (i = 1; i <= n; i++)
				if ($0 ~ file[i] && index(type[i], "," part[4] ","))
					next
			print
		}' | sort -t: -k1,1 -k2,2n |
	while IFS=: read -r file line rest; do
		case $rest in
		*:UNCOMMENTED_DEFINITION:*)
			name=$(sed -n "${line}s/.*[ \t]\([a-z_]*\);.*/\1/p" "$file")
			[ -n "$name" ] && grep -q "^ \* @$name:" "$file" && continue
			;;
		*:UNNECESSARY_PARENTHESES:*)
			# The line is the first of its statement.
			sed -n "$line,$((line + 3))p" "$file" | grep -qE '[!=]= \(|\) [!=]= ' && continue
			;;
		esac
		echo "$file:$line:$rest"
	done
}

# ---- shell, python, manual pages ----------------------------------------------------

scripts()
{
	if ! command -v shellcheck > /dev/null; then
		echo 'shellcheck is not installed; run: selftests/setup.sh check'
	else
		xargs shellcheck -f gcc < "$tmp/scripts"
	fi
}

python()
{
	local f

	while read -r f; do
		python3 -W error -c '
import ast, sys
with open(sys.argv[1]) as f:
    ast.parse(f.read(), sys.argv[1])' "$f" 2>&1 | tail -n 3
		grep -nHE '^.{101}|[[:blank:]]$' "$f"
	done < "$tmp/python"
}

manuals()
{
	if ! command -v mandoc > /dev/null; then
		echo 'mandoc is not installed; run: selftests/setup.sh check'
	else
		# Pages that are not installed cannot be referred to.
		of '^Documentation/man/.*\.[1-8]$' | xargs mandoc -T lint -W warning |
			grep -v 'no manual page\|referenced manual not found'
	fi
}

# ---- rules of this tree -----------------------------------------------------------------

# What nobody wants to read in one piece.
lengths()
{
	of '^(kernel|uapi|tools|selftests)/' | grep -vE '\.gen\.[ch]$' | while read -r f; do
		n=$(wc -l < "$f")
		[ "$n" -le 800 ] || echo "$f has $n lines, more than 800"
	done
}

# The only place that knows that there are several kernels.
versions()
{
	of '^(kernel|uapi)/.*\.[ch]$|^Kbuild$' | grep -vxE 'kernel/compat/.*\.h' |
		xargs grep -nHE 'LINUX_VERSION_CODE|KERNEL_VERSION *\(|LINUX_VERSION_(MAJOR|PATCHLEVEL)|<linux/version\.h>|RHEL_|UTS_RELEASE'
}

release()
{
	local want have f

	want=$(sed -n 's/^CKPT_VERSION := *//p' Makefile)
	[[ $want =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || echo "Makefile has no version: \"$want\""
	for f in tools/Makefile Kbuild; do
		have=$(sed -n 's/^CKPT_VERSION ?= *//p' $f)
		[ "$have" = "$want" ] || echo "$f says \"$have\", Makefile \"$want\""
	done
	have=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
	[ "$have" = "$want" ] || echo "dkms.conf says \"$have\", Makefile \"$want\""
	grep -o 'ckpt[-/][0-9][0-9.]*[0-9]' dkms.conf | grep -v "[-/]$want\$"
	grep -HE '^\.T[Hh] ' Documentation/man/* | grep -vF "\"ckpt $want\""
}

# See symbols.h: an indirect call to a private function is a fault on a kernel with IBT. So sym()
# is only ever called, an address from sym_addr() never, and nobody else looks symbols up.
pointers()
{
	of '^kernel/.*\.[ch]$' | grep -v '^kernel/core/symbols\.[ch]$' > "$tmp/users"
	# shellcheck disable=SC2046 # file names of this tree
	{
		# Comments and strings may say anything.
		grep -nHE '\bsym\(' $(cat "$tmp/users") | grep -vE ':[[:blank:]]*(/?\*|//)' |
			grep -E '\bsym\([a-zA-Z0-9_]+\)([^(]|$)|&[[:blank:]]*sym\('
		grep -nHE '\bsym_addr\([a-zA-Z0-9_]+\)[[:blank:]]*\)*\(|\(\*\)[[:blank:]]*\([^)]*\)\)[[:blank:]]*sym_addr' \
			$(cat "$tmp/users")
		grep -nHE 'kallsyms_lookup_name|register_kprobe|static_call_update|static_call_query|symbols_address' \
			$(cat "$tmp/users")
	}
}

# Sentences that hide their subject.
headless()
{
	of '^(kernel|uapi|tools|selftests)/.*\.(c|h|proto)$|\.md$|^Documentation/man/' |
		grep -v '\.gen\.[ch]$' | xargs selftests/headless.py
}

# Not text alone: that the module knows x86-64 nowhere but in arch/x86 is shown by compiling the rest
# with headers of arm64. Objects are kept until a file changes.
another_architecture()
{
	selftests/kernels.sh compile 6.12 W=1 > "$tmp/compile" 2>&1 || cat "$tmp/compile"
}

# ---- all of it ------------------------------------------------------------------------------

echo 'TAP version 13'
checkpatch > "$tmp/err" 2>&1 & patch=$!
scripts > "$tmp/scripts.out" 2>&1
result 'shellcheck' "$tmp/scripts.out"
python > "$tmp/out" 2>&1
result 'python: syntax and line ends' "$tmp/out"
manuals > "$tmp/out" 2>&1
result 'manual pages' "$tmp/out"
lengths > "$tmp/out"
result 'no source file above 800 lines' "$tmp/out"
versions > "$tmp/out"
result 'kernel versions are told apart in kernel/compat alone' "$tmp/out"
release > "$tmp/out" 2>&1
result 'one version of ckpt' "$tmp/out"
pointers > "$tmp/out"
result 'private functions are called, never pointed to' "$tmp/out"
selftests/circles.py --strict kernel > "$tmp/out" 2>&1
result 'no unit of kernel/ includes one that includes it' "$tmp/out"
headless > "$tmp/out" 2>&1
result 'sentences name their subject' "$tmp/out"
another_architecture > "$tmp/out"
result 'all but arch/x86 compiles with headers of arm64' "$tmp/out"

wait "$patch" || echo 'checkpatch could not be run' >> "$tmp/err"
touch "$tmp/found"
applies < "$tmp/found" > "$tmp/left"
for d in kernel uapi tools selftests; do
	{ cat "$tmp/err"; grep "^$d/" "$tmp/left"; } > "$tmp/out"
	result "checkpatch $d" "$tmp/out"
done
echo "1..$count"
[ "$failed" = 0 ]
