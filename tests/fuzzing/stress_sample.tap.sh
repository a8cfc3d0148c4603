#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A bounded sample of make stress.
exec bash "$SRC/tests/stress" "$B" 3
