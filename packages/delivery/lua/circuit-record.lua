-- Counts what one permitted call showed of its provider, and moves the circuit when that decides it. A call permitted in an
-- older generation changes nothing: a late success cannot close, a late failure cannot prolong. A probe counts only
-- while its own lease stands in its slot.
-- KEYS, ARGV 1–3 as in the prelude
-- ARGV  4 generation of the permission   5 probe slot, 0 = none   6 end of the probe's lease, ms
--       7 healthy | slow (healthy, but later than it should) | unhealthy | neutral   8 time of the call, ms   9 attempt, or ''
-- Returns {stale} | {counted} | {from, to, reason, ms}: ms since the outage began; of an opening from closed, since
-- the first of the calls that led to it
-- include "./circuit-prelude.lua"
-- include "./circuit-quality.lua"
local slot, health = tonumber(ARGV[5]), ARGV[7]
local fields = load()
if number(fields.generation) ~= tonumber(ARGV[4]) then return { 'stale' } end
if health ~= 'neutral' then
  note_quality(fields, health, tonumber(ARGV[8]), nil)
  if health ~= 'unhealthy' then take_sample(ARGV[9]) end
end

local function record_probe()
  local field = 'probe:' .. slot
  if fields[field] ~= ARGV[6] then return { 'stale' } end
  redis.call('HDEL', circuit, field)
  local outage_ms = math.max(0, now - number(fields.opened_at))
  if health == 'neutral' then return { 'counted' } end
  if health ~= 'healthy' then
    local reason = health == 'slow' and 'probe_slow' or 'probe_failed'
    open(fields, reason)
    return { 'half_open', 'open', reason, outage_ms }
  end
  if redis.call('HINCRBY', circuit, 'probes_good', 1) < GOOD_PROBES then return { 'counted' } end
  begin_recovery(fields)
  return { 'half_open', 'recovering', 'probes_good', outage_ms }
end

if slot > 0 then return record_probe() end
-- Called although it was open, for want of another: that is no probe.
if fields.state and fields.state ~= 'recovering' then return { 'stale' } end
if health == 'neutral' then return { 'counted' } end

if health == 'unhealthy' then
  if not fields.failing_since then redis.call('HSET', circuit, 'failing_since', now) end
  local failures = redis.call('HINCRBY', circuit, 'failures', 1)
  return judge(fields, health, failures, fields.failing_since or now)
end
if fields.failing_since then
  redis.call('HDEL', circuit, 'failures', 'failing_since')
  if fields.state then
    redis.call('HSET', circuit, 'ramp_from', number(fields.ramp_from) + math.max(0, now - number(fields.failing_since)))
  end
end
return judge(fields, health, 0)
