-- libwaitq: SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The libwaitq authors
--
-- Joins and nothing else: what exchange.lua does with them, for half of the work, where the room is as the context knows it. Whatever is not
-- so is left to exchange.lua, which finds out and says what it is: what others have changed, another epoch, a loss, damage, a key of another
-- type. Then nothing has been done here.
--
-- KEYS: head, visitors. ARGV: run_id, epoch, losses, born_us, version, change, the time to live of keys, the next number as it was told
-- last, the time of joins, the visitors; and where there are any, joins that replace a ticket or are of nobody.
-- Answer: nil: to be asked of exchange.lua. Otherwise the first new number, seconds, microseconds; and where not all are new, outcomes, as
-- exchange.lua has them.

local call, attempt, unpack, tonumber = redis.call, redis.pcall, unpack, tonumber
local floor, char, read = math.floor, string.char, struct.unpack
local VISITORS = KEYS[2]
local FORMAT = '1'
local VISITOR, RECORD = 16, 13 -- bytes
local WHOLE = 2 ^ 53           -- up to here numbers are exact
local OF_NOBODY = 2 ^ 31

local head = attempt('HMGET', KEYS[1], 'format', 'server', 'epoch', 'losses', 'born_us', 'version', 'change', 'next', 'trim', 'base', 'alive_ms',
                     'stood_ms', 'kept_ms', 'join_limit')
if head.err or head[1] ~= FORMAT then
  return false
end
for i = 1, 6 do
  if head[i + 1] ~= ARGV[i] then
    return false
  end
end
for i = 8, 13 do
  local number = tonumber(head[i] or '')
  if not number or number < 0 or number > WHOLE or number % 1 ~= 0 then
    return false
  end
  head[i] = number
end
local next, trim, limit = head[8], head[9], tonumber(head[14] or '')
if not limit or next < tonumber(ARGV[8]) then
  return false
end

local joined = ARGV[9]
local count = #ARGV[10] / VISITOR
local visitors, replaces = {read(string.rep('c16', count), ARGV[10])}, nil
if ARGV[11] then
  replaces = {}
  for i = 1, #ARGV[11], 9 do
    local index, number = read('>I4I5', ARGV[11], i)
    if index >= OF_NOBODY then
      visitors[index - OF_NOBODY + 1] = ''
    else
      replaces[index + 1] = number
    end
  end
end
local known = attempt('HMGET', VISITORS, unpack(visitors, 1, count))
if known.err then
  return false
end

local first_new, high, outcomes = next, nil, nil
local records, record_count = {}, 0
for i = 1, count do
  local visitor, record = visitors[i], known[i]
  if record then
    if #record ~= RECORD then
      return false
    end
    local number = read('>I5', record)
    if number < trim or replaces and number == replaces[i] then
      record = nil
    end
  end
  if record or next >= limit then
    outcomes = outcomes or {string.rep('N', i - 1)}
    outcomes[#outcomes + 1] = record and 'E' .. record or 'F'
  else
    local low = next % 256
    if low == 0 or not high then
      high = struct.pack('>I4', floor(next / 256))
    end
    if visitor ~= '' then
      records[record_count + 1], records[record_count + 2] = visitor, high .. char(low) .. joined
      record_count = record_count + 2
    end
    next = next + 1
    if outcomes then
      outcomes[#outcomes + 1] = 'N'
    end
  end
end

local time = call('TIME')
if record_count > 0 and call('HSET', VISITORS, unpack(records, 1, record_count)) == call('HLEN', VISITORS) then
  call('PEXPIRE', VISITORS, ARGV[7])
end
if next > first_new then
  call('HSET', KEYS[1], 'next', next)
end
return {first_new, time[1], time[2], outcomes and table.concat(outcomes) or nil}
