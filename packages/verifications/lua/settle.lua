#!lua flags=allow-oom
-- Records what a provider did with an attempt, and what becomes of the delivery; a receipt that came first may end it instead.
-- A claim that was superseded changes nothing.
-- KEYS  1 verification   2 events   3 due
-- ARGV  1 now   2 id   3 delivery ordinal   4 attempt   5 JSON of the event's data   6 next: end, again or later
--       7 status (end) or delay in ms (again, later)   8 '1' when a provider was called
-- Returns settled | stale
-- include "./prelude.lua"
local verification, events, due = KEYS[1], KEYS[2], KEYS[3]
local now, id, ordinal = tonumber(ARGV[1]), ARGV[2], ARGV[3]

local status = redis.call('HGET', verification, 's' .. ordinal)
-- Once per attempt, and only the latest. A `queued` one that still has its lease: that has ended a moment ago and nobody has
-- claimed it since, so this word still counts.
if redis.call('HGET', verification, 'a' .. ordinal) ~= ARGV[4]
  or (status ~= 'sending' and status ~= 'queued')
  or redis.call('HEXISTS', verification, 'y' .. ordinal) == 0 then
  return 'stale'
end

if ARGV[8] == '1' then redis.call('HINCRBY', verification, 'r' .. ordinal, 1) end

emit(events, verification, id, 'attempt.settled', now, cjson.decode(ARGV[5]))
local ending = nil
if ARGV[6] == 'end' then
  ending = ARGV[7]
elseif redis.call('HGET', verification, 's') ~= 'pending' then
  ending = 'skipped'
end
ending = join_receipts(verification, ordinal, ending)
if ending then
  end_delivery(events, due, verification, id, ordinal, now, ending)
else
  redis.call('HSET', verification, 's' .. ordinal, 'queued')
  redis.call('HDEL', verification, 'y' .. ordinal)
  redis.call('ZADD', due, now + tonumber(ARGV[7]), delivery_due(id, ordinal))
end
return 'settled'
