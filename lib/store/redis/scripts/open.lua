-- libwaitq: SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The libwaitq authors
--
-- Opens a room; makes it where it does not exist and the head of a new one is given.
--
-- KEYS: as in exchange.lua. ARGV: run_id, ttl in milliseconds; epoch, next, join_limit, state, and fields for people.
-- Answer: 1 where the room is there now, otherwise 0; or a negative code and a text.

local HEAD, FORMAT = KEYS[1], 1
local E_VERSION, E_DAMAGED = -3, -23

local format = redis.pcall('HGET', HEAD, 'format')
if type(format) == 'table' then
  return {E_DAMAGED, HEAD .. ' is no hash'}
end
if format or redis.call('EXISTS', HEAD) == 1 then
  local number = tonumber(format or '')
  if not number or number < 0 or number > 2 ^ 53 or number % 1 ~= 0 then
    return {E_DAMAGED, HEAD .. ' is damaged: its format is no number'}
  end
  if number > FORMAT then
    return {E_VERSION, HEAD .. ' is of format ' .. number .. '; this library knows ' .. FORMAT}
  end
  return {1}
end
if #ARGV < 6 then
  return {0}
end

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local born_us = string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('HSET', HEAD, 'format', FORMAT, 'version', 0, 'epoch', ARGV[3], 'next', ARGV[4], 'join_limit', ARGV[5], 'state', ARGV[6],
           'trim', 0, 'base', 0, 'change', 0, 'losses', 0, 'server', ARGV[1], 'alive_ms', now_ms, 'stood_ms', 0, 'kept_ms', now_ms,
           'born_us', born_us, unpack(ARGV, 7))
redis.call('PEXPIRE', HEAD, ARGV[2])
-- What an earlier room of this name has left, whose head was removed by somebody.
redis.call('UNLINK', unpack(KEYS, 2))
return {1}
