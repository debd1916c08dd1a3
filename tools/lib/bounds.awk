# SPDX-License-Identifier: GPL-2.0
#
# The bounds in the comments of ckpt_image.proto ("// max N") as a C table, for schema.c.

BEGIN {
	print "/* Generated from ckpt_image.proto by bounds.awk. */"
	print "#include \"schema.h\"\n"
	print "const struct schema_bound schema_bounds[] = {"
}

/^message / { message = $2 }

message != "" && /= *[0-9]+.*;.*\/\/ *max [0-9]+/ {
	field = $0
	sub(/ *=.*/, "", field)
	sub(/.* /, "", field)
	max = $0
	sub(/.*\/\/ *max /, "", max)
	sub(/[^0-9].*/, "", max)
	printf "\t{ \"ckpt.%s\", \"%s\", %s },\n", message, field, max
	n++
}

/^}/ { message = "" }

END {
	print "};\n"
	print "const size_t schema_nr_bounds = " n ";"
	exit n == 0
}
