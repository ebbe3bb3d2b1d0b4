-- libwaitq: SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The libwaitq authors
--
-- The same request over and over.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "p95.lua")
