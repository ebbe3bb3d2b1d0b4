-- libwaitq: SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The libwaitq authors
--
-- A storm of polls: of the tokens in the file WAITQ_TOKENS, one after the other.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "p95.lua")

local requests = {}
for token in io.lines(os.getenv("WAITQ_TOKENS")) do
  requests[#requests + 1] = wrk.format("GET", "/api/v1/queue/status?token=" .. token)
end

local at = 0

function request()
  at = at % #requests + 1
  return requests[at]
end
