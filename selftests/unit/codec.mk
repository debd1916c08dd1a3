# SPDX-License-Identifier: GPL-2.0
#
# What the codec's tests and fuzzers are made of, once per directory $(out): the codec, the tables
# and protobuf-c's code for both schemas, and the list of messages.

top := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
unit := $(top)/selftests/unit

cflags := -g -std=gnu11 -Wall -Wextra -Werror -I$(top)/kernel/image -I$(unit) -I$(out)
codec_objs := $(addprefix $(out)/,codec.o schema.gen.o codec_test.gen.o ckpt_image.pb-c.o \
	codec_test.pb-c.o codec_util.o)
generated := $(addprefix $(out)/,codec_test.gen.h ckpt_image.pb-c.h codec_test.pb-c.h messages.list)

vpath %.c $(top)/kernel/image $(unit)
vpath %.proto $(top)/uapi $(unit)

$(out):
	@mkdir -p $@

$(out)/%.pb-c.c $(out)/%.pb-c.h: %.proto | $(out)
	@echo "  PROTOC  $*.pb-c.[ch]"
	@protoc-c --c_out=$(out) -I $(dir $(abspath $<)) $(abspath $<)

$(out)/%.gen.c $(out)/%.gen.h: %.proto $(top)/uapi/gen_schema.py | $(out)
	@echo "  GEN     $*.gen.[ch]"
	@protoc --include_source_info --descriptor_set_out=$(out)/$*.set -I $(top) $(abspath $<)
	@/usr/bin/python3 $(top)/uapi/gen_schema.py $(out)/$*.set $(out)/$*

$(out)/messages.list: $(top)/kernel/image/schema.gen.h $(out)/codec_test.gen.h
	@sed -n 's/^extern const struct codec_msg pb_\(.*\)_msg;/X(\1)/p' $^ > $@

# protobuf-c's and the tests' generic code looks at members through other types; the codec itself
# must not.
$(out)/codec_util.o $(out)/codec_test.o $(out)/codec_fuzz.o: cflags += -fno-strict-aliasing

headers := $(generated) $(top)/kernel/image/codec.h $(top)/kernel/image/schema.gen.h $(unit)/codec_util.h

$(out)/%.o: %.c $(headers)
	@echo "  CC      $(@F)"
	@$(CC) $(cflags) $(CFLAGS) -c -o $@ $<

$(out)/%.o: $(out)/%.c $(headers)
	@echo "  CC      $(@F)"
	@$(CC) $(cflags) $(CFLAGS) -c -o $@ $<

.SECONDARY:
.DELETE_ON_ERROR:
