# SPDX-License-Identifier: Apache-2.0
# Man pages and completions, generated from the option rows.
$(B)/tools/mangen: linux-user/options.def common-user/log.def
$(B)/man/qemu-%.1: $(B)/tools/mangen
	@mkdir -p $(@D)
	$(Q)$< man $* >$@
$(B)/man/qemu-user.bash: $(B)/tools/mangen
	@mkdir -p $(@D)
	$(Q)$< bash $(PROGRAMS) >$@
EXTRA_ALL += $(PROGRAMS:%=$(B)/man/qemu-%.1) $(B)/man/qemu-user.bash
