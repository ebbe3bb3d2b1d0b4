-- libwaitq: SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The libwaitq authors
--
-- Keeps bytes, unless some are kept already, or they are all zero, which only asks. It has no TTL: what was signed with a key outlives the rooms that are open at the moment.
--
-- KEYS: where. ARGV: run_id, the bytes. Answer: 0 and what is kept; or a negative code and a text.

local E_DAMAGED = -23
local kept = redis.pcall('GET', KEYS[1])
if type(kept) == 'table' then
  return {E_DAMAGED, KEYS[1] .. ' is no string'}
end
local is_question = not string.find(ARGV[2], '[^%z]')
if not kept and is_question then
  kept = ARGV[2]
elseif not kept then
  redis.call('SET', KEYS[1], ARGV[2])
  kept = ARGV[2]
end
return {0, kept}
