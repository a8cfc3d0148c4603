/* SPDX-License-Identifier: Apache-2.0 */
/* CSR numbers of user level, and the constants of decode rows for tr_csr. */
#ifndef TARGET_RISCV_TR_CSR_H
#define TARGET_RISCV_TR_CSR_H

enum { CSR_WRITE, CSR_SET, CSR_CLEAR };
enum {
    CSR_FFLAGS = 1, CSR_FRM = 2, CSR_FCSR = 3,
    CSR_REALTIME = 0xcc0,           /* custom, for our vDSO: nanoseconds of CLOCK_REALTIME (64-bit guests) */
    CSR_CYCLE = 0xc00, CSR_TIME = 0xc01, CSR_INSTRET = 0xc02,
    CSR_CYCLEH = 0xc80, CSR_TIMEH = 0xc81, CSR_INSTRETH = 0xc82,
};

#endif
