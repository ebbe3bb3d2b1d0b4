-- libwaitq: SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The libwaitq authors
--
-- One round trip of a context to a room, as one step: what waitq_store_exchange in waitq/store.h says.
--
-- First everything is read, checked and worked out, and only then is anything written: whatever is wrong with a key is found while nothing
-- has been done. keys.h tells what the keys hold, exchange.c writes what is asked, answer.c reads the answer. Joins alone are join.lua's, as a rule.
--
-- KEYS: head, visitors, changes, nodes, scratch, the planes.
-- ARGV: run_id, node, epoch, version, numbers; the commit, if there is one; marks; the time of joins, which of them replace a ticket or are of
-- nobody, the records of tickets that were shown, the visitors of these and of joins.
-- Answer: code, numbers, head, outcomes of joins, changes; or a negative code and a text.

local call, attempt, unpack, tonumber = redis.call, redis.pcall, unpack, tonumber
local floor, max, min, char, format, rep = math.floor, math.max, math.min, string.char, string.format, string.rep
local read, write, band, lshift = struct.unpack, struct.pack, bit.band, bit.lshift
local HEAD, VISITORS, CHANGES, NODES, SCRATCH = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local FIRST_PLANE, LAST_PLANE = 6, 23 -- KEYS[6] is plane 0
local FORMAT = 1
local CHUNK = 16384        -- tickets
local VISITOR = 16         -- bytes
local RECORD = 13          -- bytes of what is kept of a visitor: number, Unix microseconds
local OF_NOBODY = 2 ^ 31   -- more than the index of a join: it has no visitor
local SLICE = 1000         -- arguments or pairs of one command: Lua's stack ends at 8000
local FAR = 2 ^ 24         -- bits that lie further beyond next are nobody's
local LONGEST = 2 ^ 32     -- bits of a string
local WHOLE = 2 ^ 53       -- up to here numbers are exact
local YOUNG_US = 10 * 1000000 -- a room that was made so lately in the place of another one gives way to that
local LOSS_JUMP = 2 ^ 32   -- no context has seen a change as high as those after a loss
local STOOD_MS, NODE_MS = 2000, 10000
local SEEN = 0x3ff0        -- the planes of polls
local OK, LOSS, OTHER_EPOCH = 0, 1, 2
local E_INVALID, E_VERSION, E_DAMAGED = -1, -3, -23

local is_recovery, is_beat, is_adopting, is_any_epoch, is_loading, has_commit, has_repeats, is_untold, is_strict, is_telling, wanted,
      page, since, ttl_ms, mark_count, shown_count, join_count, told_age_ms, known_born_us, known_next =
  read('>BBBBBBBBBBI4I4I8I8I4I4I4I4I8I8', ARGV[5])
is_recovery, is_beat, is_adopting, is_any_epoch, is_loading = is_recovery == 1, is_beat == 1, is_adopting == 1, is_any_epoch == 1,
                                                             is_loading == 1
has_commit, has_repeats, is_untold, is_strict, is_telling = has_commit == 1, has_repeats == 1, is_untold == 1, is_strict == 1,
                                                            is_telling == 1
local wants_polls = band(wanted, SEEN) ~= 0

-- The head.

local names = {'format', 'version', 'next', 'trim', 'base', 'change', 'losses', 'alive_ms', 'stood_ms', 'kept_ms', 'born_us',
               'server', 'epoch', 'join_limit'}
local found = attempt('HMGET', HEAD, unpack(names))
if found.err then
  return {E_DAMAGED, HEAD .. ' is no hash'}
end
local exists = found[1] or found[2] or call('EXISTS', HEAD) == 1
local absent = not exists and 0
for i = 1, 11 do
  local number = tonumber(found[i] or absent)
  if not number or number < 0 or number > WHOLE or number % 1 ~= 0 then
    return {E_DAMAGED, HEAD .. ' is damaged: its ' .. names[i] .. ' is no number'}
  end
  found[i] = number
end
local version, next, trim, base, change, losses, alive_ms, stood_ms, kept_ms, born_us, server, epoch, join_limit =
  unpack(found, 2)
if exists and found[1] > FORMAT then
  return {E_VERSION, HEAD .. ' is of format ' .. found[1] .. '; this library knows ' .. FORMAT}
end
if exists and not (server and tonumber(epoch or '') and tonumber(join_limit or '') and base % CHUNK == 0 and base <= trim) then
  return {E_DAMAGED, HEAD .. ' is damaged: its server, epoch, join_limit or base is missing or cannot be'}
end
local time = call('TIME')
local now_ms = time[1] * 1000 + floor(time[2] / 1000)

local function answer(code, told, more, committed, head, first_new, outcomes, changes, nodes)
  local untold_ms = 0 -- how long ago the context that has told its polls least lately did so
  if wants_polls then
    nodes = attempt('ZCARD', NODES)
    nodes = type(nodes) == 'number' and nodes or 0
    local oldest = attempt('ZRANGE', NODES, 0, 0, 'WITHSCORES')
    untold_ms = oldest[2] and max(0, floor(now_ms - oldest[2])) or 0
  end
  local numbers = write('>I4I4I8I8I8I8I8I8I8I4BB', time[1], time[2], next, told, losses, stood_ms, untold_ms, born_us, first_new, nodes, more,
                        committed)
  return {code, numbers, head, outcomes, changes}
end

-- Whether anything is done at all.

local function whole_head()
  local state = attempt('HGET', HEAD, 'state')
  return type(state) == 'string' and {format('%.0f', version), epoch, join_limit, state}
end
local function no_state()
  return {E_DAMAGED, HEAD .. ' is damaged: its state is missing'}
end
-- Whoever came before those that know the room has found none and made one: it does not count.
local is_taken_over = is_adopting or is_loading
local is_usurper = exists and not is_taken_over and known_born_us > 0 and born_us > known_born_us and
                     time[1] * 1000000 + time[2] - born_us < YOUNG_US
-- A server that took the place of another, and gave it back, may be the same as before and have forgotten what it told in between.
local is_set_back = exists and not is_taken_over and not is_any_epoch and epoch == ARGV[3] and (since > change or known_next > next)
local is_kept = exists and not is_usurper and not is_set_back and (server == ARGV[1] or is_taken_over)
local recovers = is_recovery and not is_kept
if not is_kept and not recovers then
  local head = exists and not is_usurper and whole_head()
  return exists and not is_usurper and not head and no_state() or answer(LOSS, since, 0, 0, head, 0, '', {}, 0)
end
local is_other_epoch = not recovers and not is_any_epoch and epoch ~= ARGV[3]

-- The commit: what the head becomes.

local at = 6 -- of ARGV
local commits, is_emptied, fresh = false, false, {}
local clear, commit_marks, new_base = 0, 0, base
if has_commit then
  local new_epoch, from_version, new_limit, state, numbers = unpack(ARGV, at, at + 4)
  local trim_below, next_min, field_count, least_losses, least_stood_ms, least_change
  clear, trim_below, next_min, commit_marks, field_count, least_losses, least_stood_ms, least_change =
    read('>I4I8I8I4I4I8I8I8', numbers)
  at = at + 5 + 2 * field_count
  commits = recovers or not is_other_epoch and not is_recovery and version == tonumber(from_version) and
              (not is_strict or since == change)
  if commits then
    is_emptied = epoch ~= new_epoch or is_usurper
    if is_emptied then
      next, trim, base = 0, 0, 0
    end
    version, epoch, join_limit = from_version + 1, new_epoch, new_limit
    next, trim = max(next, next_min), max(trim, trim_below)
    new_base = floor(trim / CHUNK) * CHUNK
    if is_emptied then
      base = new_base
    elseif new_base - base < 64 * CHUNK and 2 * (new_base - base) < next - base then
      new_base = base -- not worth the copying yet
    end
    fresh = {'epoch', epoch, 'join_limit', join_limit, 'state', state, 'version', version, 'trim', trim, 'base', new_base,
             unpack(ARGV, at - 2 * field_count, at - 1)}
  end
  if recovers then
    losses, stood_ms = max(losses, least_losses) + 1, max(stood_ms, least_stood_ms)
    change, since = max(change, least_change) + LOSS_JUMP, 0
    born_us = known_born_us > 0 and (not exists or is_usurper) and known_born_us or born_us
  end
end
local function is_cleared(plane)
  return commits and band(clear, lshift(1, plane)) ~= 0
end

-- Planes. Having a length, each of those in question is a string.

local lengths, wrong = {}, nil
local function measure(plane)
  local length = lengths[plane] or is_emptied and 0 or attempt('STRLEN', KEYS[FIRST_PLANE + plane])
  if type(length) == 'number' then
    lengths[plane] = length
  else
    wrong = {E_DAMAGED, KEYS[FIRST_PLANE + plane] .. ' is no string'}
  end
end

local commit_marks_at, marks_at = at, at + 2 * commit_marks
at = marks_at + 2 * mark_count
if is_other_epoch then
  mark_count, shown_count, join_count = 0, 0, 0
end
if not commits then
  commit_marks = 0
end
for i = commit_marks > 0 and commit_marks_at or marks_at, marks_at + 2 * mark_count - 2, 2 do
  local _, plane, _, last = read('>BBI5I5', ARGV[i])
  measure(plane)
  if last > next + FAR or last - new_base > LONGEST then
    return {E_INVALID, format('bits of %s up to %.0f, where the next ticket is %.0f', KEYS[FIRST_PLANE + plane], last, next)}
  end
end
local drops = commits and (clear ~= 0 or new_base ~= base)
for plane = 0, drops and LAST_PLANE or -1 do
  if new_base ~= base or is_cleared(plane) then
    measure(plane)
  end
end

-- What others have changed. A context knows what it sets itself; a chunk of a plane that others have set bits of is told with them.

if since > change or is_other_epoch then
  since = 0
end
local plan, more, told = {}, false, change
if wanted == 0 then
  told = since
elseif since < change and not is_emptied then
  local list = attempt('ZRANGEBYSCORE', CHANGES, format('(%.0f', since), '+inf', 'WITHSCORES', 'LIMIT', 0, 4 * page)
  for i = 1, list.err and 0 or #list, 2 do
    more = #plan == page
    if more then
      break
    end
    told = tonumber(list[i + 1])
    local plane, chunk = string.match(list[i], '^(%d%d?):(%d+)$')
    plane, chunk = tonumber(plane), tonumber(chunk)
    if not plane or plane > LAST_PLANE then
      return {E_DAMAGED, CHANGES .. ' is damaged: it has a member that is none of its own'}
    end
    if band(wanted, lshift(1, plane)) ~= 0 and not is_cleared(plane) and chunk * CHUNK >= new_base then
      measure(plane)
      plan[#plan + 1] = {list[i], plane, chunk}
    end
  end
  more = more or #list == 8 * page
end
local head = false
if not commits and not is_untold and (is_other_epoch or is_loading or not more and version ~= tonumber(ARGV[4])) then
  head = whole_head()
  wrong = wrong or not head and no_state() or nil
end

-- Visitors: those whose tickets were shown, and those who join.

local first_new, outcomes = next, nil
local records, record_count = {}, 0 -- to be written: visitor, record, visitor, record ...
if shown_count + join_count > 0 then
  local joined, special, shown = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local count = shown_count + join_count
  local visitors, known = {}, {}
  for i = 1, count, SLICE do
    local size = min(SLICE, count - i + 1)
    local some = {read(rep('c16', size), ARGV[at + 3], VISITOR * (i - 1) + 1)}
    for k = 1, i > 1 and size or 0 do
      visitors[i + k - 1] = some[k]
    end
    visitors = i > 1 and visitors or some
  end
  local latest = (has_repeats or shown_count > 0) and {} or nil -- what this call itself writes, where a visitor may come twice
  local replaces = {}
  for i = 1, #special, 9 do
    local index, number = read('>I4I5', special, i)
    if index >= OF_NOBODY then
      visitors[shown_count + index - OF_NOBODY + 1] = ''
    else
      replaces[shown_count + index + 1] = number
    end
  end
  for i = 1, is_emptied and 0 or count, SLICE do
    local some = attempt('HMGET', VISITORS, unpack(visitors, i, min(i + SLICE - 1, count)))
    if some.err then
      return {E_DAMAGED, VISITORS .. ' is no hash'}
    end
    for k = 1, i > 1 and #some or 0 do
      known[i + k - 1] = some[k]
    end
    known = i > 1 and known or some
  end
  local limit, high = tonumber(join_limit), nil
  for i = 1, count do
    local visitor, record, number = visitors[i], known[i], nil -- '': anonymous
    if latest and visitor ~= '' then
      record = latest[visitor] or record
    end
    if record then
      if #record ~= RECORD then
        return {E_DAMAGED, VISITORS .. ' is damaged: it has a record of ' .. #record .. ' bytes'}
      end
      number = read('>I5', record)
      if number < trim or number == replaces[i] then
        number = nil
      end
    end
    local new = nil
    if i <= shown_count then
      local shown_number = read('>I5', shown, RECORD * (i - 1) + 1)
      new = shown_number >= trim and shown_number > (number or -1) and string.sub(shown, RECORD * (i - 1) + 1, RECORD * i)
    elseif number or next >= limit then
      outcomes = outcomes or {rep('N', i - shown_count - 1)}
      outcomes[#outcomes + 1] = number and 'E' .. record or 'F'
    else
      local low = next % 256
      if low == 0 or not high then
        high = write('>I4', floor(next / 256))
      end
      new = visitor ~= '' and high .. char(low) .. joined
      next = next + 1
      if outcomes then
        outcomes[#outcomes + 1] = 'N'
      end
    end
    if new then
      records[record_count + 1], records[record_count + 2] = visitor, new
      record_count = record_count + 2
      if latest then
        latest[visitor] = new
      end
    end
  end
end

-- The rest of the keys that may be written.

local function check(command, key, kind)
  local size = is_emptied and key ~= NODES and 0 or attempt(command, key)
  if type(size) ~= 'number' then
    wrong = {E_DAMAGED, key .. ' is no ' .. kind}
  end
  return size
end
is_beat = is_beat and not is_other_epoch
is_telling = is_telling and not is_other_epoch
local nodes = (is_beat or is_telling) and check('ZCARD', NODES, 'sorted set') or 0
local dead = (is_beat or commits) and check('HLEN', VISITORS, 'hash') or 0
local known_changes = (mark_count > 0 or commits or since < change) and check('ZCARD', CHANGES, 'sorted set') or 0
if wrong then
  return wrong
end
local function finish(changes, node_count)
  return answer(is_other_epoch and OTHER_EPOCH or OK, (more or wanted == 0) and told or change, more and 1 or 0, commits and 1 or 0,
                head, first_new, outcomes and table.concat(outcomes) or '', changes, node_count)
end
if not commits and not is_beat and not is_telling and mark_count == 0 and record_count == 0 and next == first_new and #plan == 0 then
  return finish({}, 0)
end

-- From here on things are written.

local function set(name, value)
  local count = #fresh
  fresh[count + 1], fresh[count + 2] = name, value
end
local function keep(key)
  call('PEXPIRE', key, ttl_ms)
end
local function in_slices(command, key, list, count)
  local sum = 0
  for i = 1, count, SLICE do
    sum = sum + call(command, key, unpack(list, i, min(i + SLICE - 1, count)))
  end
  return sum
end

local touched, members = {}, {}
if commits or mark_count > 0 then
  local function touch(plane, from, to)
    for chunk = floor(from / CHUNK), floor((to - 1) / CHUNK) do
      local member = plane .. ':' .. chunk
      if not touched[member] then
        touched[member] = true
        change = change + 1
        members[#members + 1] = change
        members[#members + 1] = member
      end
    end
  end

  -- Drops the beginning of a plane, and that it has changed there.
  local function drop(plane, bytes)
    local key, length, list = KEYS[FIRST_PLANE + plane], lengths[plane], {}
    for chunk = base / CHUNK, floor((base + 8 * min(length, bytes) - 1) / CHUNK) do
      list[#list + 1] = plane .. ':' .. chunk
    end
    in_slices('ZREM', CHANGES, list, #list)
    if length > bytes then
      call('SET', key, call('GETRANGE', key, bytes, -1), 'PX', ttl_ms)
    elseif length > 0 then
      call('UNLINK', key)
    end
    lengths[plane] = max(0, length - bytes)
  end

  -- Sets or clears a run of bits. BITOP makes a new string, and is ten times as fast where both are of one length.
  local function mark_run(plane, first, run, clears)
    local key, offset, length = KEYS[FIRST_PLANE + plane], (first - base) / 8, lengths[plane]
    if offset < 0 then
      run, first, offset = string.sub(run, 1 - offset), base, 0
    end
    local is_blank = #run == 0 or call('BITCOUNT', key, offset, offset + #run - 1) == 0
    if #run == 0 or clears and is_blank then
      return
    end
    lengths[plane] = max(length, offset + #run)
    if is_blank then
      call('SETRANGE', key, offset, run)
    else
      call('DEL', SCRATCH)
      call('SETRANGE', SCRATCH, offset, run)
      if length ~= offset + #run then
        call('SETRANGE', length < offset + #run and key or SCRATCH, lengths[plane] - 1, '\0')
      end
      if clears then
        call('BITOP', 'NOT', SCRATCH, SCRATCH)
      end
      call('BITOP', clears and 'AND' or 'OR', key, key, SCRATCH)
      call('DEL', SCRATCH)
    end
    if length == 0 or not is_blank then
      keep(key)
    end
    touch(plane, first, first + 8 * #run)
  end

  -- Sets or clears single bits.
  local function mark_bits(plane, data, value)
    local key, numbers, orders = KEYS[FIRST_PLANE + plane], {}, {}
    for i = 1, #data, 5 do
      local number, count = read('>I5', data, i), #orders
      if number >= base then
        numbers[#numbers + 1] = number
        orders[count + 1], orders[count + 2], orders[count + 3], orders[count + 4] = 'SET', 'u1', number - base, value
      end
      if #numbers == SLICE or #numbers > 0 and i + 5 > #data then
        local before = call('BITFIELD', key, unpack(orders))
        for k = 1, #numbers do
          if before[k] ~= value then
            touch(plane, numbers[k], numbers[k] + 1)
          end
        end
        lengths[plane] = max(lengths[plane], floor((numbers[#numbers] - base) / 8) + 1)
        numbers, orders = {}, {}
      end
    end
  end

  local function mark(from, count)
    for i = from, from + 2 * count - 2, 2 do
      local kind, plane, first = read('>BBI5', ARGV[i])
      local is_new = lengths[plane] == 0
      if kind <= 2 then
        mark_run(plane, first, ARGV[i + 1], kind == 2)
      else
        mark_bits(plane, ARGV[i + 1], 4 - kind)
        if is_new and lengths[plane] > 0 then
          keep(KEYS[FIRST_PLANE + plane])
        end
      end
    end
  end

  if is_emptied then
    call('UNLINK', VISITORS, CHANGES, SCRATCH, unpack(KEYS, FIRST_PLANE))
  else
    for plane = 0, drops and LAST_PLANE or -1 do
      if is_cleared(plane) then
        drop(plane, lengths[plane])
      elseif new_base ~= base then
        drop(plane, (new_base - base) / 8)
      end
    end
  end
  base = new_base
  mark(commit_marks_at, commit_marks)
  mark(marks_at, mark_count)
end
if record_count > 0 and in_slices('HSET', VISITORS, records, record_count) == call('HLEN', VISITORS) then
  keep(VISITORS)
end
if commits or next ~= first_new then
  set('next', next)
end
if is_telling then
  call('ZADD', NODES, now_ms - told_age_ms, ARGV[2])
elseif is_beat then
  call('ZADD', NODES, 'NX', now_ms, ARGV[2])
end
if is_beat or is_telling then
  call('ZREMRANGEBYSCORE', NODES, '-inf', now_ms - NODE_MS)
  if nodes == 0 then
    keep(NODES)
  end
  nodes = call('ZCARD', NODES)
end
if is_beat or recovers then
  stood_ms = stood_ms + (exists and now_ms - alive_ms > STOOD_MS and now_ms - alive_ms or 0)
  set('stood_ms', stood_ms)
  set('alive_ms', now_ms)
end
if recovers then
  set('format', FORMAT)
  set('losses', losses)
  set('born_us', format('%.0f', born_us))
  set('change', change)
end
if #members > 0 then
  set('change', change)
  in_slices('ZADD', CHANGES, members, #members)
  if known_changes == 0 then
    keep(CHANGES)
  end
end

-- Records below trim mean nothing any more; where they are many, some are removed.
local live = max(0, next - trim)
dead = dead - live
if dead > 1024 and 4 * dead > live then
  local scan, old = call('HSCAN', VISITORS, call('HGET', HEAD, 'cleaned') or 0, 'COUNT', SLICE / 2), {}
  for i = 1, #scan[2], 2 do
    if #scan[2][i + 1] == RECORD and read('>I5', scan[2][i + 1]) < trim then
      old[#old + 1] = scan[2][i]
    end
  end
  in_slices('HDEL', VISITORS, old, #old)
  set('cleaned', scan[1])
end

local is_keeping = is_beat and now_ms - kept_ms > ttl_ms / 8 or recovers
if is_keeping then
  set('kept_ms', now_ms)
end
if #fresh > 0 or record_count > 0 or #members > 0 then
  if server ~= ARGV[1] then
    set('server', ARGV[1])
  end
  if #fresh > 0 then
    call('HSET', HEAD, unpack(fresh))
  end
end
for i = 1, is_keeping and #KEYS or 0 do
  keep(KEYS[i])
end

local changes = {}
for i = 1, #plan do
  local member, plane, chunk = unpack(plan[i])
  local offset = (chunk * CHUNK - base) / 8
  changes[2 * i - 1] = member
  changes[2 * i] = call('GETRANGE', KEYS[FIRST_PLANE + plane], offset, offset + CHUNK / 8 - 1)
end
return finish(changes, nodes)
