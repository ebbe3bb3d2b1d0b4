-- libwaitq: SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The libwaitq authors
--
-- One round trip to a limiter: terms, leases, tries. All that is decided here is said in waitq/store.h, waitq_store_limit.
--
-- KEYS[1]  wq:limiter:{name}         a hash, the bucket
--   rate_per_s, burst                the terms in force
--   origin_us, origin_level          a moment, and the tokens of that moment
--   used                             whole tokens taken since then
--   touched_us                       when this was last written: time is never earlier than that
--   leased                           tokens that lie in leases
--   lease_check_us                   when the first lease may run out
--   kept_until_s                     when the keys expire, or a little later
-- KEYS[2]  wq:limiter:{name}:leases  a hash, from lessee to "tokens until_us number"
--
-- ARGV: run_id (not used), rate_per_s, burst, configure (0, 1), key_ttl_s, tries as "<count>x<tokens> ...", lessee,
--       lease_number, lease_held, lease_returned, lease_wanted, lease_ttl_us
-- Answer: "ok", now_us, level, rate_per_s, burst, lease_kept, leased, lessees, and of each run of tries how many were
--         admitted; or "damaged" and what is.
--
-- level = origin_level + (now - origin) x rate - used is computed anew at each look. Nothing fractional is ever added up, so
-- nothing drifts: used is a whole number, exact to 2^53, and the origin moves on when the bucket is full, when the terms
-- change, or when so much was made that a double would become coarse.
--
-- Why no interval sees more than burst + rate x interval: level + leased <= burst always holds. What is spent in an interval
-- lay in leases at its beginning, or was in the bucket then, or was made since: leased + level + rate x interval. leased counts
-- at least what the lessees still can spend: it falls when they say what they have spent or give back, or after they have
-- stopped to spend; and only from then on the bucket may fill where their tokens lay.

local SECOND = 1000000
local DAY_S = 86400
local LONGEST_S = 10 * 365 * DAY_S
local SLACK_S = 3600 -- the expiry of the keys is set this much later than it must be, to set it seldom
local COARSE = 1e9
local HAIR = 1e-9 -- what a whole token may lack, by rounding; it is missing from what is left then
local LESSEES_MAX = 1024
local RUNS_MAX = 1024
local LONGEST_LEASE_US = 3600 * SECOND

local key, leases_key = KEYS[1], KEYS[2]
local FIELDS = {'rate_per_s', 'burst', 'origin_us', 'origin_level', 'used', 'touched_us', 'leased', 'lease_check_us',
                'kept_until_s'}

local stored = redis.pcall('HMGET', key, unpack(FIELDS))
if stored.err then
  return {'damaged', key .. ' is no hash'}
end
local missing = 0
for i = 1, #FIELDS do
  if not stored[i] then
    missing = missing + 1
  else
    stored[i] = tonumber(stored[i])
    if not stored[i] or stored[i] ~= stored[i] or math.abs(stored[i]) > 9e15 then
      return {'damaged', key .. ' has a ' .. FIELDS[i] .. ' that is no number'}
    end
  end
end
if missing > 0 and missing < #FIELDS then
  return {'damaged', key .. ' lacks fields'}
end

local is_new = missing > 0
local rate, burst, origin, origin_level, used, touched, leased, check, kept_until = unpack(stored, 1, #FIELDS)
if is_new then
  rate, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
  origin, origin_level, used, touched, leased, check, kept_until = 0, burst, 0, 0, 0, 0, 0
end
if rate < 0 or rate > 1e9 or burst < 1 or burst > 1e9 or leased < 0 then
  return {'damaged', key .. ' has terms that no limit can have'}
end

local time = redis.call('TIME')
local now = math.max(time[1] * SECOND + time[2], touched)
local is_moved, is_changed = false, is_new -- what is to be written: a new origin; all

-- Moves the origin to a moment; the level of that moment is kept, up to what leases leave of the burst.
local function settle(at)
  local full = math.max(burst - leased, 0)
  local level = origin_level + (at - origin) * rate / SECOND - used
  origin, origin_level, used = at, math.max(math.min(level, full), 0), 0
  is_moved = true
end

if is_new then
  origin = now
end

local function read_lease(text)
  local tokens, till, number = string.match(text, '^(%d+) (%d+) (%d+)$')
  return tonumber(tokens), tonumber(till), tonumber(number)
end

-- Forgets leases that have run out. Until the last of them did, the bucket could not fill where their tokens lay.
if is_new or (leased > 0 and now >= check) then
  local all = redis.pcall('HGETALL', leases_key)
  if all.err then
    return {'damaged', leases_key .. ' is no hash'}
  end
  local gone, last_end, left = {}, touched, 0
  check = now + LONGEST_LEASE_US
  for i = 1, #all, 2 do
    local tokens, till = read_lease(all[i + 1])
    if not tokens then
      return {'damaged', leases_key .. ' has a lease that is none'}
    end
    if till <= now then
      gone[#gone + 1] = all[i]
      last_end = math.max(last_end, till)
    else
      left = left + tokens
      check = math.min(check, till)
    end
  end
  if is_new then
    leased = left
    settle(now)
  elseif #gone > 0 or left ~= leased then
    settle(#gone > 0 and last_end or now)
    leased = left
  end
  is_changed = true
  if #gone > 0 then
    redis.call('HDEL', leases_key, unpack(gone))
  end
end

local level = origin_level + (now - origin) * rate / SECOND - used
if level >= burst - leased or level + used > COARSE then
  settle(now)
  level = origin_level
end

if ARGV[4] == '1' and not is_new then
  settle(now)
  rate, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
  settle(now)
  level = origin_level
  is_changed = true
end

local lease_number = tonumber(ARGV[8])
local lease_kept, lease_before, is_leasing = 0, nil, false
if lease_number > 0 then
  local noted = redis.pcall('HGET', leases_key, ARGV[7])
  if type(noted) == 'table' and noted.err then
    return {'damaged', leases_key .. ' is no hash'}
  end
  is_leasing = true
  if noted then
    local _, number
    lease_before, _, number = read_lease(noted)
    if not lease_before then
      return {'damaged', leases_key .. ' has a lease that is none'}
    end
    is_leasing = lease_number > number
  end
  if is_leasing then
    local before = lease_before or 0
    lease_kept = math.min(tonumber(ARGV[9]), before)
    local returned = math.min(tonumber(ARGV[10]), before - lease_kept)
    leased = math.max(leased - before + lease_kept, 0)
    level = level + returned
    used = used - returned
    if level > math.max(burst - leased, 0) then -- taken under a larger burst
      level = math.max(burst - leased, 0)
      origin, origin_level, used = now, level, 0
    end
  end
end

local answer = {'ok', now, 0, 0, 0, lease_kept, 0, 0}
local taken = 0
local runs = 0
for count, tokens in string.gmatch(ARGV[6], '(%d+)x(%d+)') do
  runs = runs + 1
  if runs > RUNS_MAX then
    break
  end
  tokens = tonumber(tokens)
  local admitted = math.max(math.min(tonumber(count), math.floor((level + HAIR) / tokens)), 0)
  level = level - admitted * tokens
  taken = taken + admitted * tokens
  answer[8 + runs] = admitted
end

local granted = 0
if is_leasing then
  local wanted = tonumber(ARGV[11])
  local till = now + math.min(tonumber(ARGV[12]), LONGEST_LEASE_US)
  answer[8] = redis.call('HLEN', leases_key)
  if wanted > 0 and (lease_before or answer[8] < LESSEES_MAX) then
    granted = math.max(math.min(wanted, math.floor(level + HAIR)), 0)
  end
  level = level - granted
  taken = taken + granted
  leased = leased + granted
  if lease_kept + granted > 0 then
    redis.call('HSET', leases_key, ARGV[7], string.format('%.0f %.0f %.0f', lease_kept + granted, till, lease_number))
    redis.call('EXPIRE', leases_key, DAY_S)
    check = math.min(check, till)
    if not lease_before then
      answer[8] = answer[8] + 1
    end
  elseif lease_before then
    redis.call('HDEL', leases_key, ARGV[7])
    answer[8] = answer[8] - 1
  end
end
used = used + taken

-- The keys outlive the time that fills the bucket: one that expired and comes back full was full.
local ttl = math.max(tonumber(ARGV[5]), (rate > 0 and burst / rate or LONGEST_S) + DAY_S)
ttl = math.ceil(math.min(ttl, LONGEST_S))
local now_s = math.floor(now / SECOND)
local is_expiring = kept_until < now_s + ttl or kept_until > now_s + ttl + 2 * SLACK_S
if is_expiring then
  kept_until = now_s + ttl + SLACK_S
end

if is_changed or is_leasing or is_expiring then
  redis.call('HSET', key, 'rate_per_s', rate, 'burst', burst, 'origin_us', origin, 'origin_level', origin_level, 'used',
             used, 'touched_us', now, 'leased', leased, 'lease_check_us', check, 'kept_until_s', kept_until)
elseif taken > 0 and is_moved then
  redis.call('HSET', key, 'used', used, 'touched_us', now, 'origin_us', origin, 'origin_level', origin_level)
elseif taken > 0 then
  redis.call('HSET', key, 'used', used, 'touched_us', now)
end
if is_expiring then
  redis.call('EXPIRE', key, ttl + SLACK_S)
end

answer[3] = string.format('%.17g', math.max(level, 0))
answer[4] = string.format('%.17g', rate)
answer[5] = burst
answer[7] = granted
return answer
