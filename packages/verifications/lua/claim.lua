#!lua flags=allow-oom
-- Grants one attempt at a delivery, with a fencing number: of all who hold its job, one may call a provider.
-- KEYS  1 verification   2 events   3 due
-- ARGV  1 now   2 deadline   3 id   4 delivery ordinal   5 lease
-- Returns {claimed, attempt, sealed addresses, sealed code, sealed context or '', country or '', purpose, project, mode, channel,
--         '1' to wait on an unknown outcome or '', code TTL, remaining, provider calls, 1 when the attempt before it was never settled,
--         1 when its workflow has another step after it}
--       | {leased or ended or expired or gone or late}
-- include "./prelude.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
local verification, events, due = KEYS[1], KEYS[2], KEYS[3]
local now, id, ordinal = tonumber(ARGV[1]), ARGV[3], tonumber(ARGV[4])

-- A claim that waited for Redis knows an old `now`: what it granted might be dead or leased to another by now.
if is_late(ARGV[2]) then return { 'late' } end

local held = redis.call('HMGET', verification, 's' .. ordinal, 's', 'd' .. ordinal, 'y' .. ordinal, 'a' .. ordinal)
local status, verification_status, lease_ended = held[1], held[2], held[4]
local send = tonumber(held[3] or ordinal)
if not status then return { 'gone' } end
if status ~= 'queued' and status ~= 'sending' then return { 'ended' } end
if status == 'sending' then
  if now < tonumber(lease_ended or '0') then return { 'leased' } end
  if end_lease(events, due, verification, id, ordinal, now) then return { 'ended' } end
end

-- A code that was superseded (resend mode rotate), that has arrived over another channel, or whose verification has ended is
-- never sent.
local digest, code, expires, ttl, addresses, context, country, purpose, project, mode, channel, waits, calls, step = unpack(
  redis.call('HMGET', verification, 'h' .. send, 'c' .. send, 'x' .. send, 'T', 't', 'k', 'C', 'u', 'p', 'm', 'v' .. ordinal, 'K',
    'r' .. ordinal, 'w'))
if verification_status ~= 'pending' or not digest or not code then
  end_delivery(events, due, verification, id, ordinal, now, unsent(verification_status))
  return { 'ended' }
end

if is_life_too_short(expires, ttl, now) then
  end_delivery(events, due, verification, id, ordinal, now, 'expired_unsent')
  return { 'expired' }
end

local attempt = tonumber(held[5] or '0') + 1
local lease_ends = now + tonumber(ARGV[5])
redis.call('ZADD', due, lease_ends, delivery_due(id, ordinal))
emit(events, verification, id, 'attempt.started', now, { delivery = delivery_id(id, ordinal), attempt = attempt },
  's' .. ordinal, 'sending', 'a' .. ordinal, attempt, 'y' .. ordinal, lease_ends)
local has_next_step = step and has_step_after(verification, ordinal, tonumber(step))
-- Whoever settles takes the lease away; one that stood there has ended.
return { 'claimed', attempt, addresses, code, context or '', country or '', purpose, project, mode, channel or 'sms', waits or '',
  tonumber(ttl), tonumber(expires) - now, tonumber(calls or '0'), lease_ended and 1 or 0, has_next_step and 1 or 0 }
