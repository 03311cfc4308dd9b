#!lua flags=allow-oom
-- Acts on one entry of the due set. The entry is re-scored, never just removed, until what it follows up has ended.
-- KEYS  1 verification   2 events   3 due
-- ARGV  1 now   2 id   3 kind: d a delivery, w the time-out of its workflow step, x the verification's expiry
--       4 delivery ordinal, or '' (x)   5 longest wait between looks
-- Returns {enqueue, attempts so far, delivery ordinal, channel} | {expired} | {ended} | {later}
-- include "./prelude.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
local verification, events, due = KEYS[1], KEYS[2], KEYS[3]
local now, id, kind, ordinal = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4])
local status = redis.call('HGET', verification, 's')

if kind == 'w' then
  redis.call('ZREM', due, step_due(id, ordinal))
  local fields = redis.call('HMGET', verification, 'w', 'n')
  if not fields[1] or tonumber(fields[2]) ~= ordinal then return { 'ended' } end
  local send = send_of(verification, ordinal)
  local next_ordinal, channel = begin_next_step(events, due, verification, id, now, 'timeout', now + ENQUEUE_CHECK_MS)
  if next_ordinal then return { 'enqueue', 0, next_ordinal, channel } end
  conclude_send(events, verification, id, send, now, read_progress(verification))
  return { 'ended' }
end

if kind == 'x' then
  local expires = number_of(verification, 'x')
  if status ~= 'pending' then
    redis.call('ZREM', due, expiry_due(id))
    return { 'ended' }
  end
  if now <= expires then
    redis.call('ZADD', due, expires + 1, expiry_due(id))
    return { 'later' }
  end
  end_verification(events, due, verification, id, now, 'expired')
  return { 'expired' }
end

local delivery = redis.call('HGET', verification, 's' .. ordinal)
if delivery ~= 'queued' and delivery ~= 'sending' then
  redis.call('ZREM', due, delivery_due(id, ordinal))
  return { 'ended' }
end
if delivery == 'sending' then
  local lease_ends = number_of(verification, 'y' .. ordinal)
  if now < lease_ends then
    redis.call('ZADD', due, lease_ends, delivery_due(id, ordinal))
    return { 'later' }
  end
  if end_lease(events, due, verification, id, ordinal, now) then return { 'ended' } end
end

if status ~= 'pending' then
  end_delivery(events, due, verification, id, ordinal, now, unsent(status))
  return { 'ended' }
end
local send = send_of(verification, ordinal)
if is_too_late(verification, send, now) then
  end_delivery(events, due, verification, id, ordinal, now, 'expired_unsent')
  return { 'expired' }
end
-- The longer it has waited in a long queue, the longer until the next look. Whatever its code's age: what was queued a moment ago
-- may have been lost on its way to the queue.
local times = redis.call('HMGET', verification, 'q' .. ordinal, 'x' .. send, 'T')
local waited = now - (tonumber(times[1]) or tonumber(times[2]) - tonumber(times[3]))
redis.call('ZADD', due, now + math.max(ENQUEUE_CHECK_MS, math.min(tonumber(ARGV[5]), waited)), delivery_due(id, ordinal))
return { 'enqueue', number_of(verification, 'a' .. ordinal), ordinal, channel_of(verification, ordinal) }
