-- libwaitq: SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The libwaitq authors
--
-- A mixture without memory: of a hundred requests 90 polls, 5 joins, 4 entries and 1 departure, of the tokens in the file
-- WAITQ_TOKENS. wrk does not tell which reply is whose, so a crowd that does what it is told is crowd's to play.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "p95.lua")

local event = os.getenv("WAITQ_EVENT") or "concert"
local tokens = {}
for token in io.lines(os.getenv("WAITQ_TOKENS")) do
  tokens[#tokens + 1] = token
end

local count = 0

function request()
  count = count + 1
  local token = tokens[count % #tokens + 1]
  local kind = count % 100
  if kind < 90 then
    return wrk.format("GET", "/api/v1/queue/status?token=" .. token)
  elseif kind < 95 then
    return wrk.format("POST", "/api/v1/queue/join", nil, '{"event_id":"' .. event .. '"}')
  elseif kind < 99 then
    return wrk.format("POST", "/api/v1/queue/enter", nil, '{"waiting_token":"' .. token .. '"}')
  end
  return wrk.format("DELETE", "/api/v1/queue/leave?token=" .. tokens[#tokens - count % math.floor(#tokens / 10)])
end
