# SPDX-License-Identifier: GPL-2.0
#
# The fields of ckpt_image.proto for the tests of images, which name a field and never its number:
#
#	F(Mm, auxv)		the number of a field
#	MESSAGES_ALL(X)		each message: X(Message, message), the latter as CKPT_REC_TABLE has it
#	FIELDS_ALL(X)		each field: X(Message, field, number, label, type, max, Of)
#
# label is required, optional, repeated or packed; type is that of a value, where boolean,
# enumeration and message stand for themselves; max is the bound of elements or bytes, or the last
# value of an enumeration; Of is the message or the enumeration, or none.
#
# A line of a message that this file does not understand is an error: no field is left out.

# PageRuns becomes page_runs, and X86Regs x86_regs.
function snake(name,	out) {
	out = ""
	while (match(name, /[a-z0-9][A-Z]/)) {
		out = out substr(name, 1, RSTART) "_"
		name = substr(name, RSTART + 1)
	}
	return tolower(out name)
}

function fail(what) {
	print FILENAME ":" FNR ": " what > "/dev/stderr"
	failed = 1
	exit 1
}

# The N of a comment "// max N", or 0.
function bound(line) {
	if (!match(line, /\/\/ max [0-9]+/))
		return 0
	return substr(line, RSTART + 7, RLENGTH - 7) + 0
}

function field(message, label, type, name, number, max,	of) {
	if ($0 ~ /\[packed = true\]/)
		label = "packed"
	of = "none"
	if (type in last_value) {
		of = type
		max = last_value[type]
		type = "enumeration"
	} else if (type ~ /^[A-Z]/) {
		of = type
		type = "message"
	} else if (type == "bool") {
		type = "boolean"
	} else if (type !~ /^(uint32|uint64|sint32|fixed64|bytes|string)$/) {
		fail("type " type " is not known")
	}
	if (!max && (label ~ /^(repeated|packed)$/ || type ~ /^(bytes|string)$/))
		fail(message "." name " has no bound")
	printf "\tF_%s_%s = %d,\n", message, name, number
	fields = fields sprintf(" \\\n\tX(%s, %s, %d, %s, %s, %d, %s)", message, name, number,
				label, type, max, of)
}

BEGIN {
	print "/* Generated from ckpt_image.proto by fields.awk. */"
	print "#ifndef CKPT_SELFTESTS_FIELDS_H"
	print "#define CKPT_SELFTESTS_FIELDS_H\n"
	print "/** F() - the number of a field */"
	print "#define F(message, field) F_##message##_##field\n"
	print "enum {"
}

/^message / {
	message = $2
	messages = messages sprintf(" \\\n\tX(%s, %s)", message, snake(message))
	next
}

/^enum / { enum = $2; next }
/^}/ { message = enum = ""; next }
/^[ \t]*(\/\/.*)?$/ { next }

enum != "" {
	if ($2 != "=")
		fail("no value of an enumeration")
	if (!(enum in last_value) || $3 + 0 > last_value[enum])
		last_value[enum] = $3 + 0
	next
}

message != "" {
	if ($1 !~ /^(required|optional|repeated)$/ || $4 != "=")
		fail("no field")
	field(message, $1, $2, $3, $5 + 0, bound($0))
}

END {
	if (failed)
		exit 1
	print "};\n"
	print "/** MESSAGES_ALL() - X(Message, message) of all messages */"
	print "#define MESSAGES_ALL(X)" messages "\n"
	print "/** FIELDS_ALL() - X(Message, field, number, label, type, max, Of) of all fields */"
	print "#define FIELDS_ALL(X)" fields "\n"
	print "#endif"
}
