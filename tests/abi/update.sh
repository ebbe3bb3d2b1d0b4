#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Records the ABI of this tree, in tests/abi/layout.golden and tests/abi/waitq.abi. To be run for an intended change that
# keeps old programs running, or for a new SOVERSION; CHANGELOG.md says which under "ABI".
set -euo pipefail
cd "$(dirname "$0")/../.."

cmake --preset release -DWAITQ_BUILD_TESTS=OFF -DWAITQ_BUILD_EXAMPLES=OFF -B build/abi >/dev/null
cmake --build build/abi >/dev/null
PYTHONDONTWRITEBYTECODE=1 python3 tests/abi/layout.py --include include --golden tests/abi/layout.golden --update
tests/abi/abigail.sh build/abi/lib/libwaitq.so include tests/abi/waitq.abi --update
