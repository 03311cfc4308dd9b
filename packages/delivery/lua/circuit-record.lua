-- Counts what one permitted call showed of its provider, and opens, reopens or closes the circuit.
-- A call permitted in an older generation changes nothing: a late success cannot close, a late failure cannot prolong.
-- A probe counts only while its own lease stands in its slot.
-- KEYS  1 circuit
-- ARGV  1 now, ms   2 generation of the permission   3 probe slot, 0 = none   4 end of the probe's lease, ms
--       5 healthy | unhealthy | neutral   6 failures in a row that open   7 stays open, ms   8 probes at a time   9 forget idle after, ms
-- Returns {transition, ms}: stale | none | opened (since the run's first failure) | reopened, closed (since it opened)
local circuit, now, health = KEYS[1], tonumber(ARGV[1]), ARGV[5]
local generation = tonumber(redis.call('HGET', circuit, 'generation') or '0')
if generation ~= tonumber(ARGV[2]) then return {'stale', 0} end

local function since(field)
  return math.max(0, now - tonumber(redis.call('HGET', circuit, field) or ARGV[1]))
end
local function drop_probes()
  for slot = 1, tonumber(ARGV[8]) do redis.call('HDEL', circuit, 'probe:' .. slot) end
end
local function open()
  redis.call('HSET', circuit, 'generation', generation + 1, 'open_until', string.format('%.0f', now + tonumber(ARGV[7])))
  redis.call('HSETNX', circuit, 'opened_at', ARGV[1])
  redis.call('HDEL', circuit, 'failures', 'first_failure_at')
  redis.call('PEXPIRE', circuit, ARGV[9])
end

local slot = tonumber(ARGV[3])
if slot > 0 then
  local held_until = redis.call('HGET', circuit, 'probe:' .. slot)
  if not held_until or tonumber(held_until) ~= tonumber(ARGV[4]) then return {'stale', 0} end
  if health == 'neutral' then
    redis.call('HDEL', circuit, 'probe:' .. slot)
    return {'none', 0}
  end
  local open_for = since('opened_at')
  drop_probes()
  if health == 'unhealthy' then
    open()
    return {'reopened', open_for}
  end
  redis.call('HSET', circuit, 'generation', generation + 1)
  redis.call('HDEL', circuit, 'open_until', 'opened_at')
  return {'closed', open_for}
end

if health == 'neutral' then return {'none', 0} end
if health == 'healthy' then
  redis.call('HDEL', circuit, 'failures', 'first_failure_at')
  return {'none', 0}
end
redis.call('HSETNX', circuit, 'first_failure_at', ARGV[1])
if redis.call('HINCRBY', circuit, 'failures', 1) < tonumber(ARGV[6]) then
  redis.call('PEXPIRE', circuit, ARGV[9])
  return {'none', 0}
end
local run = since('first_failure_at')
open()
return {'opened', run}
