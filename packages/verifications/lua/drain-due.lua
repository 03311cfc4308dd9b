#!lua flags=allow-oom
-- Acts on one entry of the due set. The entry is re-scored, never just removed, until what it follows up has ended.
-- KEYS  1 verification   2 events   3 due
-- ARGV  1 now   2 id   3 delivery ordinal, or 'x' for the verification's expiry   4 least life, at most   5 longest wait between looks
-- Returns {enqueue, attempts so far} | {expired} | {ended} | {later}
-- include "./prelude.lua"
local verification, events, due = KEYS[1], KEYS[2], KEYS[3]
local now, id, ordinal = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local status = redis.call('HGET', verification, 's')

if ordinal == 'x' then
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
  if status ~= 'pending' then
    end_delivery(events, due, verification, id, ordinal, now, 'unknown')
    return { 'ended' }
  end
end

local ttl, expires = number_of(verification, 'T'), number_of(verification, 'x' .. ordinal)
if status ~= 'pending' then
  end_delivery(events, due, verification, id, ordinal, now, unsent(status))
  return { 'ended' }
end
if expires - now < math.min(tonumber(ARGV[4]), ttl / 3) then
  end_delivery(events, due, verification, id, ordinal, now, 'expired_unsent')
  return { 'expired' }
end
-- The longer it has waited in a long queue, the longer until the next look.
local waited = now - (expires - ttl)
redis.call('ZADD', due, now + math.max(ENQUEUE_CHECK_MS, math.min(tonumber(ARGV[5]), waited)), delivery_due(id, ordinal))
return { 'enqueue', tonumber(redis.call('HGET', verification, 'a' .. ordinal) or '0') }
