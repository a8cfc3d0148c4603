/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that tools/sysgen writes from the rows in desc/. */
#include "linux-user/sysdesc.h"
