#!lua flags=allow-oom
-- Judges one guess: counts it, compares it with the live codes and ends the verification, in one step. Counting and
-- comparing apart would let racing guesses exceed the count. A Redis out of memory still judges: a check adds next to nothing.
-- KEYS  1 verification   2 destination   3 operation   4 events   5 due
-- ARGV  1 now   2 deadline   3 id   4 project   5 mode   6 candidate digest   7 binding digest   8 free wrong checks
--       9 '1' when KEYS[3] is a real operation   10 '1' when the pepper of its codes has been retired, which ends it
-- Returns {JSON}, or {JSON, sealed destination or '' once erased, purpose, approved at} of an approval
-- JSON: {result, status, checks_remaining} with result one of CHECK_RESULTS
--       | {result: checks_locked, retry_ms} | {result: not_found} | {result: gone} | {result: late}
--       | {result: undigested}: the candidate was left empty, since the verification had been seen ended, and it is open
-- include "./prelude.lua"
local verification, destination, operation, events, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, id = tonumber(ARGV[1]), ARGV[3]
local LOCK_FIRST_MS, LOCK_MAX_MS, LOCK_AT = 30 * 1000, 3600 * 1000, 100

if is_late(ARGV[2]) then return { '{"result":"late"}' } end
if ARGV[9] == '' then operation = '' end
local fields = redis.call('HMGET', verification, 'p', 'm', 's', 'x', 'b', 'c', 'n')
local project, mode, status, expires, binding, checks_left, deliveries = unpack(fields)
if not project then return { '{"result":"gone"}' } end
if project ~= ARGV[4] or mode ~= ARGV[5] then return { '{"result":"not_found"}' } end

-- What a token is made of is read each time, so that a repeat of the check that approved gets the same token.
local function approved(text)
  local proved = redis.call('HMGET', verification, 't', 'u', 'e')
  return { text, proved[1] or '', proved[2], proved[3] }
end

local known = recall(operation)
if known then return cjson.decode(known).result == 'approved' and approved(known) or { known } end

local function answer(result)
  return { result = result, status = status, checks_remaining = tonumber(checks_left) }
end

if status == 'pending' and (now > tonumber(expires) or ARGV[10] == '1') then
  end_verification(events, due, verification, id, now, 'expired')
  status = 'expired'
end
if status ~= 'pending' then
  return { remember(operation, answer(status == 'approved' and 'already_approved' or status)) }
end

if ARGV[6] == '' then return { '{"result":"undigested"}' } end

local locked_until = number_of(destination, 'l')
if now < locked_until then return { cjson.encode({ result = 'checks_locked', retry_ms = locked_until - now }) } end

local function judged(result)
  local outcome = answer(result)
  emit(events, verification, id, 'check.judged', now, { result = result, checks_remaining = outcome.checks_remaining })
  return outcome
end

-- The code is not compared, so nothing is learned about it and no check is used up.
if binding ~= ARGV[7] then return { remember(operation, judged('binding_mismatch')) } end

checks_left = redis.call('HINCRBY', verification, 'c', -1)
for ordinal = tonumber(deliveries), 1, -1 do
  local code = redis.call('HMGET', verification, 'h' .. ordinal, 'x' .. ordinal)
  if code[1] == ARGV[6] and now <= tonumber(code[2]) then
    redis.call('HDEL', destination, 'k', 'l', 'r')
    local outcome = judged('approved')
    end_verification(events, due, verification, id, now, 'approved')
    outcome.status = 'approved'
    return approved(remember(operation, outcome))
  end
end

local streak = redis.call('HINCRBY', destination, 'k', 1)
keep_destination(destination, nil, STREAK_KEPT_MS)
if streak >= LOCK_AT then
  redis.call('HSET', destination, 'l', LOCKED_FOR_GOOD)
  redis.call('PERSIST', destination)
elseif streak >= tonumber(ARGV[8]) then
  local wait = math.min(LOCK_MAX_MS, LOCK_FIRST_MS * 2 ^ math.min(streak - tonumber(ARGV[8]), 12))
  redis.call('HSET', destination, 'l', string.format('%d', now + wait))
end
local outcome = judged('incorrect')
if checks_left <= 0 then
  end_verification(events, due, verification, id, now, 'exhausted')
  outcome.status = 'exhausted'
end
return { remember(operation, outcome) }
