#!lua flags=allow-oom
-- Records what a provider did with an attempt, and what becomes of the delivery; a receipt that came first may end it instead.
-- A claim that was superseded changes nothing.
-- KEYS  1 verification   2 events   3 due
-- ARGV  1 now   2 id   3 delivery ordinal   4 attempt   5 JSON of the event's data   6 next: end, again or later
--       7 status (end) or delay in ms (again, later)   8 '1' when a provider was called
--       9 '1' when the provider tells later what became of the message
--       10 '1' when nobody knows what the provider did, and the delivery does not end by that
-- Returns settled | stale
-- include "./prelude.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
local verification, events, due = KEYS[1], KEYS[2], KEYS[3]
local now, id, ordinal = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])

local fields = redis.call('HMGET', verification, 's' .. ordinal, 'a' .. ordinal, 'y' .. ordinal, 's', 'N', 'w' .. ordinal)
local status, attempt, lease_ends, verification_status, is_shared, receipts = unpack(fields)
-- Once per attempt, and only the latest. A `queued` one that still has its lease: that has ended a moment ago and nobody has
-- claimed it since, so this word still counts.
if attempt ~= ARGV[4] or (status ~= 'sending' and status ~= 'queued') or not lease_ends then return 'stale' end

if ARGV[8] == '1' then redis.call('HINCRBY', verification, 'r' .. ordinal, 1) end
if ARGV[10] == '1' then redis.call('HSET', verification, 'u' .. ordinal, '1') end

emit(events, verification, id, 'attempt.settled', now, ARGV[5])
local ending = nil
if ARGV[6] == 'end' then
  ending = ARGV[7]
elseif verification_status ~= 'pending' then
  ending = 'skipped'
elseif is_shared and redis.call('HEXISTS', verification, 'c' .. send_of(verification, ordinal)) == 0 then
  -- It has arrived over another channel.
  ending = 'skipped'
end
if receipts then ending = join_receipts(verification, ordinal, ending) end
if ending then
  local is_final = ARGV[6] == 'end' and ARGV[7] == 'accepted' and ending == 'accepted' and ARGV[9] ~= '1'
  end_delivery(events, due, verification, id, ordinal, now, ending, is_final)
else
  local due_at = now + tonumber(ARGV[7])
  redis.call('HSET', verification, 's' .. ordinal, 'queued', 'q' .. ordinal, due_at)
  redis.call('HDEL', verification, 'y' .. ordinal)
  redis.call('ZADD', due, due_at, delivery_due(id, ordinal))
end
return 'settled'
