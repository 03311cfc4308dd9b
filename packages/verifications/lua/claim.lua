#!lua flags=allow-oom
-- Grants one attempt at a delivery, with a fencing number: of all who hold its job, one may call a provider.
-- KEYS  1 verification   2 events   3 due
-- ARGV  1 now   2 deadline   3 id   4 delivery ordinal   5 lease   6 least life, at most
-- Returns {claimed, attempt, sealed destination, sealed code, sealed context or '', country or '', purpose, project, mode,
--         code TTL, remaining, provider calls, 1 when the attempt before it was never settled}
--       | {leased or ended or expired or gone or late}
-- include "./prelude.lua"
local verification, events, due = KEYS[1], KEYS[2], KEYS[3]
local now, id, ordinal = tonumber(ARGV[1]), ARGV[3], ARGV[4]

-- A claim that waited for Redis knows an old `now`: what it granted might be dead or leased to another by now.
if is_late(ARGV[2]) then return { 'late' } end

local status = redis.call('HGET', verification, 's' .. ordinal)
if not status then return { 'gone' } end
if status ~= 'queued' and status ~= 'sending' then return { 'ended' } end
if status == 'sending' then
  if now < number_of(verification, 'y' .. ordinal) then return { 'leased' } end
  if end_lease(events, due, verification, id, ordinal, now) then return { 'ended' } end
end

-- A code that was superseded (resend mode rotate) or whose verification has ended is never sent.
local verification_status = redis.call('HGET', verification, 's')
if verification_status ~= 'pending' or redis.call('HEXISTS', verification, 'h' .. ordinal) == 0 then
  end_delivery(events, due, verification, id, ordinal, now, unsent(verification_status))
  return { 'ended' }
end

local ttl = number_of(verification, 'T')
local remaining = number_of(verification, 'x' .. ordinal) - now
if remaining < math.min(tonumber(ARGV[6]), ttl / 3) then
  end_delivery(events, due, verification, id, ordinal, now, 'expired_unsent')
  return { 'expired' }
end

local attempt = redis.call('HINCRBY', verification, 'a' .. ordinal, 1)
-- Whoever settles takes the lease away; one that stands here has ended.
local after_lease = redis.call('HEXISTS', verification, 'y' .. ordinal)
local lease_ends = now + tonumber(ARGV[5])
redis.call('HSET', verification, 's' .. ordinal, 'sending', 'y' .. ordinal, lease_ends)
redis.call('ZADD', due, lease_ends, delivery_due(id, ordinal))
emit(events, verification, id, 'attempt.started', now, { delivery = delivery_id(id, ordinal), attempt = attempt })
local fields = redis.call('HMGET', verification, 't', 'c' .. ordinal, 'k', 'C', 'u', 'p', 'm')
return { 'claimed', attempt, fields[1], fields[2], fields[3] or '', fields[4] or '', fields[5], fields[6], fields[7],
  ttl, remaining, number_of(verification, 'r' .. ordinal), after_lease }
