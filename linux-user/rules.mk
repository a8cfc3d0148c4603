# SPDX-License-Identifier: Apache-2.0
# Generated syscall descriptions. Every object waits for them (order-only through GEN).
SYS_FILES := linux-user/desc/types.sys $(filter-out linux-user/desc/types.sys,$(wildcard linux-user/desc/*.sys))
SYS_GEN := $(B)/gen/linux-user/sysrows.h $(B)/gen/linux-user/sysdesc.h $(patsubst linux-user/%/syscall.tbl,$(B)/gen/linux-user/%/table.h,$(wildcard linux-user/*/syscall.tbl))
GEN += $(SYS_GEN)
$(B)/tools/sysgen: $(wildcard tools/sysgen_*.c) tools/sysgen.h
$(B)/gen/linux-user/sysrows.h: $(SYS_FILES) $(B)/tools/sysgen
	@mkdir -p $(@D)
	$(call say,SYSGEN,$@)$(B)/tools/sysgen rows $(SYS_FILES) > $@
$(B)/gen/linux-user/sysdesc.h: $(SYS_FILES) $(B)/tools/sysgen
	@mkdir -p $(@D)
	$(call say,SYSGEN,$@)$(B)/tools/sysgen desc $(SYS_FILES) > $@
$(B)/gen/linux-user/%/table.h: linux-user/%/syscall.tbl $(SYS_FILES) $(B)/tools/sysgen
	@mkdir -p $(@D)
	$(call say,SYSGEN,$@)$(B)/tools/sysgen table $< $(SYS_FILES) > $@
