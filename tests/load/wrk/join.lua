-- libwaitq: SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The libwaitq authors
--
-- A storm of joins: each of somebody else. WAITQ_EVENT names the event.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "p95.lua")

local event = os.getenv("WAITQ_EVENT") or "concert"
local threads = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

local count = 0

function request()
  count = count + 1
  local body = '{"event_id":"' .. event .. '","user_id":"' .. thread_number .. "-" .. count .. "-" .. os.time() .. '"}'
  return wrk.format("POST", "/api/v1/queue/join", nil, body)
end
