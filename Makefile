# SPDX-License-Identifier: GPL-2.0
#
# ckpt: checkpoint and restart of programs, inside the kernel
#
#	make			the module for the running kernel, and the tools
#	make install		both, with man pages, udev rule and completions
#	make demo		see it work in a virtual machine; needs nothing installed
#	make check		all tests, on all kernels; "make quick" takes one kernel
#	make help		the rest

CKPT_VERSION := 0.2.0
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build

prefix ?= /usr/local
# For distributors: everything goes below this directory instead of /.
DESTDIR ?=

export CKPT_VERSION DESTDIR prefix

all: module tools

help:
	@echo 'make [all]         the module for the running kernel, and the tools'
	@echo 'make module        the module alone; KVER=RELEASE or KDIR=DIRECTORY for another kernel'
	@echo 'make tools         the tools alone, into build/tools/'
	@echo 'make install       all of it; honours DESTDIR and prefix ($(prefix))'
	@echo 'make install-module, make install-tools'
	@echo 'make uninstall     take it away again'
	@echo 'make demo          a program is stopped, killed and restarted, in a virtual machine'
	@echo 'make check         all tests on all kernels, in virtual machines'
	@echo 'make quick         the same on one kernel'
	@echo 'make check-debug   the same on a kernel with KASAN, lockdep, kmemleak...'
	@echo 'make check-long    more of Debian 13, and of unusual processors, than make check does; hours'
	@echo 'make check-real    real programs, each at 20 moments on each kernel; takes hours'
	@echo 'make lint          checkpatch, shellcheck, man pages, rules of this tree'
	@echo 'make schema        generate anew what is derived from uapi/ckpt_image.proto'
	@echo 'make clean         remove what was built'

# The kernel's build system takes the file Kbuild here, not this one.
module:
	@test -e $(KDIR)/Makefile || { \
		echo "There are no headers of Linux $(KVER) at $(KDIR)." >&2; \
		echo "Install them (apt install linux-headers-$(KVER)) or set KDIR;" >&2; \
		echo "'make tools' builds the tools alone." >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools:
	$(MAKE) -C tools

install: install-module install-tools

install-module: module
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install
ifeq ($(DESTDIR),)
	depmod $(KVER)
endif

# On a running system the group and the rule take effect at once, where systemd is there to ask.
install-tools:
	$(MAKE) -C tools install
ifeq ($(DESTDIR),)
	-command -v systemd-sysusers >/dev/null && systemd-sysusers
	-command -v udevadm >/dev/null && udevadm control --reload
endif

uninstall:
	$(MAKE) -C tools uninstall
	rm -f $(DESTDIR)/lib/modules/*/updates/ckpt.ko* $(DESTDIR)/lib/modules/*/extra/ckpt.ko*

clean:
	$(MAKE) -C tools clean
	if [ -e $(KDIR)/Makefile ]; then $(MAKE) -C $(KDIR) M=$(CURDIR) clean; fi

demo:
	@selftests/demo.sh

check:
	@selftests/check.sh

quick:
	@selftests/check.sh --quick

check-debug:
	@selftests/check.sh --debug

check-long:
	@selftests/check.sh --long

check-real:
	@selftests/check.sh --real

schema:
	uapi/gen_schema.sh

lint:
	@selftests/lint.sh

.PHONY: all help module tools install install-module install-tools uninstall clean
.PHONY: demo check quick check-debug check-long check-real schema lint
