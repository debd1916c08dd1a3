# SPDX-License-Identifier: GPL-2.0
#
# The fields of ckpt_image.proto for the tests of images, which name a field and never its number:
#
#	F(Mm, auxv)		the number of a field
#	FIELDS_MESSAGES(X)	each field that holds messages: X(Message, message, field, number, Of),
#				the second as CKPT_REC_TABLE has it

# PageRuns becomes page_runs, and X86Regs x86_regs.
function snake(name,	out) {
	out = ""
	while (match(name, /[a-z0-9][A-Z]/)) {
		out = out substr(name, 1, RSTART) "_"
		name = substr(name, RSTART + 1)
	}
	return tolower(out name)
}

BEGIN {
	print "/* Generated from ckpt_image.proto by fields.awk. */"
	print "#ifndef CKPT_SELFTESTS_FIELDS_H"
	print "#define CKPT_SELFTESTS_FIELDS_H\n"
	print "/** F() - the number of a field */"
	print "#define F(message, field) F_##message##_##field\n"
	print "enum {"
}

/^message / { message = $2 }

message != "" && $1 ~ /^(required|optional|repeated)$/ {
	number = $5
	sub(/;.*/, "", number)
	printf "\tF_%s_%s = %d,\n", message, $3, number
	if ($2 ~ /^[A-Z]/ && !($2 in is_enum))
		rows = rows sprintf(" \\\n\tX(%s, %s, %s, %d, %s)", message, snake(message), $3, number, $2)
}

/^enum / { is_enum[$2] = 1 }
/^}/ { message = "" }

END {
	print "};\n"
	print "/** FIELDS_MESSAGES() - X(Message, message, field, number, Of) of fields with messages */"
	print "#define FIELDS_MESSAGES(X)" rows "\n"
	print "#endif"
}
