/* SPDX-License-Identifier: Apache-2.0 */
/* ID registers as Linux shows them to EL0, computed from
 * the features (Documentation/arm64/cpu-feature-registers.rst). */
#ifndef TARGET_AARCH64_SYSREG_H
#define TARGET_AARCH64_SYSREG_H

#include "cpu.h"

enum { A64_CNTFRQ = 1000000000 };       /* CNTVCT_EL0 counts nanoseconds of the monotonic clock */

/* Register with encoding enc (MRS bits 19..5) in the ID space; false: not in it, or not emulated by Linux. */
bool a64_id_register(const uint64_t *features, int enc, uint64_t *out);
uint64_t a64_hwcap(const uint64_t *features, int word);     /* word 1: AT_HWCAP, 2: AT_HWCAP2 */

#endif
