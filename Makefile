# SPDX-License-Identifier: Apache-2.0
# The whole build. `make help` lists the goals. Sources are found by folder: a new guest, helper file
# or test needs no line here (guests are rows of target/programs; folders may add a rules.mk).
B ?= build
.SUFFIXES:
.DEFAULT_GOAL := all
.PRECIOUS: $(B)/obj/%.o
.DELETE_ON_ERROR:

$(B)/config.mk: configure target/programs VERSION
	@set -e; if [ -f $@ ]; then args=$$(sed -n 's/^CONFIGURE_ARGS := //p' $@); else args=; ./tools/deps build; fi; \
	./configure --builddir=$(B) $$args
NOCONFIG := help clean distclean deps
ifneq ($(filter-out $(NOCONFIG),$(or $(MAKECMDGOALS),all)),)
-include $(B)/config.mk
endif

WARN := -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) -fPIE -fno-strict-aliasing -pthread -D_GNU_SOURCE -DQEMU_VERSION='"$(VERSION)"' \
	-DDEBUG_BUILD=$(if $(filter yes,$(DEBUG)),1,0) \
	-I. -I$(B)/gen $(GLIB_CFLAGS) -MMD -MP -MT '$$(B)/$(@:$(B)/%=%)'
LINK = tools/link $(CC) -pthread $(if $(findstring static-pie,$(LDFLAGS)),,-pie) $(LDFLAGS) $(SANITIZE_OBJ)
SANITIZE_OBJ := $(if $(filter yes,$(SANITIZE)),$(B)/obj/tools/sanitize.o)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

# a guest whose folder has no prog-<program>.c yet is left out
have_prog = $(wildcard target/$(call family,$(1))/prog-$(1).c)
family = $(shell awk '$$1=="$(1)"{print $$2}' target/programs)
PROGRAMS := $(foreach p,$(PROGRAMS),$(if $(call have_prog,$(p)),$(p)))
FAMILIES := $(sort $(foreach p,$(PROGRAMS),$(call family,$(p))))

# --- generators (tools/*gen.c) and generated headers
GENERATORS := $(patsubst tools/%.c,$(B)/tools/%,$(wildcard tools/*gen.c))
$(B)/tools/%: tools/%.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)$(CC) -std=gnu11 -O2 -g $(WARN) -D_GNU_SOURCE -I. -o $@ $< $(wildcard tools/$*_*.c)
DECODE := $(foreach f,$(FAMILIES),$(wildcard target/$(f)/*.decode))
GEN := $(patsubst target/%,$(B)/gen/%.h,$(DECODE))
define decode_rule
$(B)/gen/$(1)/%.decode.h: target/$(1)/%.decode $(B)/tools/decodegen $(wildcard target/$(1)/tr_*.c)
	@mkdir -p $$(@D)
	$$(call say,DECODE,$$@)$(B)/tools/decodegen -o $$@ $$< $(wildcard target/$(1)/tr_*.c)
endef
$(foreach f,$(FAMILIES),$(eval $(call decode_rule,$(f))))
-include $(wildcard */rules.mk)
generate: $(GEN)                # by name, so that make keeps them

# --- objects
objs = $(patsubst %,$(B)/obj/%.o,$(basename $(1)))
TCG_SRC := $(wildcard tcg/*.c tcg/host/$(HOST)/*.c tcg/host/$(HOST)/*.S)
USER_SRC := $(wildcard loader/*.c thunk/*.c common-user/*.c common-user/host/linux-$(HOST)/*.c common-user/host/linux-$(HOST)/*.S linux-user/*.c gdbstub/*.c)
guest_src = $(filter-out target/$(call family,$(1))/prog-%,$(wildcard target/*.c target/$(call family,$(1))/*.c)) \
	$(wildcard target/$(call family,$(1))/prog-$(1).c $(sort linux-user/$(call family,$(1))/*.c linux-user/$(1)/*.c))
$(B)/obj/%.o: %.c | $(GEN) $(B)/config.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -c -o $@ $<
$(B)/obj/%.o: %.S | $(B)/config.mk
	@mkdir -p $(@D)
	$(call say,AS,$<)$(CC) $(ALL_CFLAGS) -c -o $@ $<
$(B)/libtcg.a: $(call objs,$(TCG_SRC)) | $(SANITIZE_OBJ)
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^
USER_MAIN := $(B)/obj/linux-user/main.o
# sanitizers have a malloc of their own
USER_OBJS := $(filter-out $(USER_MAIN) $(if $(filter yes,$(SANITIZE)),$(B)/obj/common-user/alloc.o),$(call objs,$(USER_SRC)))
$(B)/libuser.a: $(USER_OBJS)
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

# --- programs
PROGS := $(PROGRAMS:%=$(B)/qemu-%)
define prog_rule
$(B)/libguest-$(1).a: $(call objs,$(call guest_src,$(1)))
	$$(call say,AR,$$@)rm -f $$@ && ar rcs $$@ $$^
$(B)/qemu-$(1): $(USER_MAIN) $(B)/libguest-$(1).a $(B)/libuser.a $(B)/libtcg.a
	$$(call say,LINK,$$@)$$(LINK) -o $$@ $(USER_MAIN) -Wl,--start-group $(B)/libguest-$(1).a $(B)/libuser.a $(B)/libtcg.a -Wl,--end-group $$(LIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call prog_rule,$(p))))
DISAS := $(if $(wildcard tools/disas/*.c),$(B)/qemu-disas)
$(B)/qemu-disas: $(wildcard tools/disas/*.c)
	$(call say,LINK,$@)$(CC) -std=gnu11 -O2 $(WARN) -D_GNU_SOURCE -fPIE $(LDFLAGS) -o $@ $^ -lcapstone
all: $(PROGS) $(DISAS) $(EXTRA_ALL)

# --- tests: C unit tests, then scripts and bats, all through tests/run
TEST_SRC := $(filter-out tests/sys/% tests/bench/%,$(shell find tests -name 'test_*.c' 2>/dev/null))
test_guest = $(or $(word 1,$(filter $(PROGRAMS),$(subst /, ,$(subst _, ,$(subst .,  ,$(1)))))),$(word 1,$(PROGRAMS)))
TESTS := $(patsubst %.c,$(B)/%,$(TEST_SRC))
TEST_HELP := $(call objs,$(filter-out $(TEST_SRC),$(wildcard tests/tcg/*.c)))
$(B)/tests/tcg/%: $(B)/obj/tests/tcg/%.o $(TEST_HELP) $(B)/libtcg.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $< $(TEST_HELP) $(B)/libtcg.a $(LIBS) -lm
# tests/target/<program>/test_*.c link that program's guest
define target_test_rule
$(B)/tests/target/$(1)/%: $(B)/obj/tests/target/$(1)/%.o $(call objs,$(wildcard tests/target/*.c)) $(B)/libguest-$(1).a $(B)/libtcg.a
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)$$(LINK) -o $$@ $$< $(call objs,$(wildcard tests/target/*.c)) -Wl,--start-group $(B)/libguest-$(1).a $(B)/libtcg.a -Wl,--end-group $$(LIBS) -lm
endef
$(foreach p,$(PROGRAMS),$(eval $(call target_test_rule,$(p))))
# by name, or make prefers the rule below
$(filter $(B)/tests/target/%,$(TESTS)): $(call objs,$(wildcard tests/target/*.c))
$(filter $(B)/tests/tcg/%,$(TESTS)): $(TEST_HELP)
$(B)/tests/%: $(B)/obj/tests/%.o $(B)/libguest-$(word 1,$(PROGRAMS)).a $(B)/libuser.a $(B)/libtcg.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $< -Wl,--start-group $(B)/libguest-$(word 1,$(PROGRAMS)).a $(B)/libuser.a $(B)/libtcg.a -Wl,--end-group $(LIBS) -lm
tests: $(TESTS) $(GENERATORS)
check: deps-check all tests
	$(Q)tests/run $(B) '$(T)'
deps-%:
	$(Q)tools/deps $*
demo: deps-demo all
	$(Q)tools/demo $(B)
bench: deps-bench all
	$(Q)tools/bench $(B) '$(BENCH)'
fuzz: deps-check all tests
	$(Q)tests/fuzz $(B) $(FUZZ)
stress: deps-check all
	$(Q)tests/stress $(B) $(STRESS)

# --- installing
DESTDIR ?=
MAN := $(PROGRAMS:%=$(B)/man/qemu-%.1)
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/doc/qemu-user
	install -m 755 -s $(PROGS) $(DISAS) $(DESTDIR)$(PREFIX)/bin
	for m in $(MAN); do install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man1; done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 $(B)/man/qemu-user.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/qemu-user
	for p in $(PROGRAMS); do ln -sf qemu-user $(DESTDIR)$(PREFIX)/share/bash-completion/completions/qemu-$$p; done
	install -m 644 README.md LICENSE docs/*.md $(DESTDIR)$(PREFIX)/share/doc/qemu-user
uninstall:
	rm -f $(patsubst $(B)/%,$(DESTDIR)$(PREFIX)/bin/%,$(PROGS) $(DISAS)) $(MAN:$(B)/man/%=$(DESTDIR)$(PREFIX)/share/man/man1/%) \
		$(patsubst %,$(DESTDIR)$(PREFIX)/share/bash-completion/completions/qemu-%,user $(PROGRAMS))
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/qemu-user

clean:
	rm -rf $(B)/obj $(B)/gen $(B)/tools $(B)/tests $(B)/man $(B)/*.a $(B)/qemu-*
distclean:
	rm -rf $(B)
help:
	@sed -n 's/^#? //p' Makefile
#? Goals:
#?   make            build every program into build/qemu-<arch>
#?   make demo       install what is missing, build, unpack some Debian arm64 packages, run them
#?   make check      install what the tests need, build, run all tests; T=PATTERN runs those that match
#?   make bench      speed against native and the installed qemu-user; BENCH=PATTERN chooses rows
#?   make fuzz       long differential and input fuzzing; FUZZ=SECONDS
#?   make stress     threads, forks and signals for minutes; STRESS=SECONDS
#?   make install    into PREFIX (configure --prefix), under DESTDIR
#?   make uninstall clean distclean
#? V=1 shows commands; B=DIR uses another build directory. ./configure --help lists build options.

.PHONY: all tests check demo bench fuzz stress install uninstall clean distclean help
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
