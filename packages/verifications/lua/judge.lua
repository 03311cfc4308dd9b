#!lua flags=allow-oom
-- Judges one guess: counts it, compares it with the live codes and ends the verification, in one step. Counting and
-- comparing apart would let racing guesses exceed the count. A Redis out of memory still judges: a check adds next to nothing.
-- KEYS  1 verification   2 destination   3 operation   4 events   5 due
-- ARGV  1 now   2 deadline   3 id   4 project   5 mode   6 candidate digest   7 binding digest   8 free wrong checks
--       9 '1' when KEYS[3] is a real operation   10 '1' when the pepper of its codes has been retired, which ends it
--       11 kinds of the addresses beside the primary one that this guess has been counted for, by count-guess
-- Returns {JSON}, or {JSON, sealed addresses or '' once erased, purpose, approved at} of an approval,
--         or {JSON, sealed addresses or ''} of `beside`
-- JSON: {result, status, checks_remaining} with result one of CHECK_RESULTS; with several addresses an approval has `reached`, the
--         kinds of those that the code may have reached, and whichever call has used up a check has `wrong_before`, how many of
--         each kind counted this verification's checks that were wrong before
--       | {result: checks_locked, retry_ms} | {result: not_found} | {result: gone} | {result: late}
--       | {result: beside, kinds, purpose}: nothing is done yet, the guess is to be counted for these addresses first
--       | {result: undigested}: the candidate was left empty, since the verification had been seen ended, and it is open
-- include "./prelude.lua"
-- include "./streak.lua"
-- include "./several-addresses.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
local verification, destination, operation, events, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, id = tonumber(ARGV[1]), ARGV[3]

if is_late(ARGV[2]) then return { '{"result":"late"}' } end
if ARGV[9] == '' then operation = '' end
local fields = redis.call('HMGET', verification, 'p', 'm', 's', 'x', 'b', 'c', 'n', 'N', 'A')
local project, mode, status, expires, binding, checks_left = unpack(fields)
local last, sends, kinds = tonumber(fields[7]), tonumber(fields[8] or fields[7]), fields[9] or 'p'
local has_several = #kinds > 1
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

local refusal = refuse_check(destination, now)
if refusal then return { refusal } end

local function judged(result)
  local outcome = answer(result)
  emit(events, verification, id, 'check.judged', now, { result = result, checks_remaining = outcome.checks_remaining })
  return outcome
end

-- The code is not compared, so nothing is learned about it and no check is used up.
if binding ~= ARGV[7] then return { remember(operation, judged('binding_mismatch')) } end

-- Counted only when nothing but comparing is left to do, so that hardly any count has to be given back.
local counted_for = string.sub(kinds, 1, 1)
if has_several then
  local beside = kinds_beside(verification, kinds, last)
  for kind in string.gmatch(beside, '.') do
    if not string.find(ARGV[11], kind, 1, true) then
      local held = redis.call('HMGET', verification, 't', 'u')
      return { cjson.encode({ result = 'beside', kinds = beside, purpose = held[2] }), held[1] or '' }
    end
  end
  counted_for = counted_for .. beside
end

-- What this verification has counted before, told once: a repeat of the call has counted nothing.
local function with_wrong_before(text, outcome)
  if not has_several then return text end
  outcome.wrong_before = {}
  for kind in string.gmatch(counted_for, '.') do outcome.wrong_before[kind] = number_of(verification, 'i' .. kind) end
  return cjson.encode(outcome)
end

-- A right guess proves an address when its code has reached no other. If it may have come from any of several it proves none, and
-- each is given back what this verification counted: else an address of one's own would clear what guards another's.
local function clear_streak(reached)
  if not has_several or reached == string.sub(kinds, 1, 1) then
    redis.call('HDEL', destination, 'k', 'l', 'r')
  else
    take_back_checks(destination, number_of(verification, 'i' .. string.sub(kinds, 1, 1)))
  end
end

checks_left = redis.call('HINCRBY', verification, 'c', -1)
local right = {}
for send = sends, 1, -1 do
  local code = redis.call('HMGET', verification, 'h' .. send, 'x' .. send)
  if code[1] == ARGV[6] and now <= tonumber(code[2]) then
    right[send] = true
    -- Another send may by chance have had the same code, to another address.
    if not has_several then break end
  end
end
if next(right) then
  local reached = has_several and kinds_reached(verification, kinds, last, right) or nil
  clear_streak(reached)
  local outcome = judged('approved')
  end_verification(events, due, verification, id, now, 'approved')
  outcome.status, outcome.reached = 'approved', reached
  return approved(with_wrong_before(remember(operation, outcome), outcome))
end

count_wrong_check(destination, now, tonumber(ARGV[8]))
local outcome = judged('incorrect')
if checks_left <= 0 then
  end_verification(events, due, verification, id, now, 'exhausted')
  outcome.status = 'exhausted'
end
local text = with_wrong_before(remember(operation, outcome), outcome)
if has_several then
  for kind in string.gmatch(counted_for, '.') do redis.call('HINCRBY', verification, 'i' .. kind, 1) end
end
return { text }
