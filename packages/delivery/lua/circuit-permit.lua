-- Says whether a provider may be called, and takes one of the probe permissions while its circuit is half open.
-- State: no `open_until` = closed; now before it = open; past it = half open, where `probe:<slot>` holds the end of
-- each granted probe's lease, so that a dead worker's probe frees its slot by time. `generation` moves with each
-- opening and closing: a permission of an older one is void.
-- KEYS  1 circuit
-- ARGV  1 now, ms   2 probes at a time   3 probe lease, ms
-- Returns {state, generation, slot, until}: the end of the probe's lease, or when an open circuit is worth asking again
local now = tonumber(ARGV[1])
local state = redis.call('HMGET', KEYS[1], 'generation', 'open_until')
local generation = tonumber(state[1] or '0')
local open_until = tonumber(state[2] or '0')

if open_until == 0 then return {'closed', generation, 0, 0} end
if now < open_until then return {'open', generation, 0, open_until} end

local lease_until = now + tonumber(ARGV[3])
local earliest = lease_until
for slot = 1, tonumber(ARGV[2]) do
  local held_until = tonumber(redis.call('HGET', KEYS[1], 'probe:' .. slot) or '0')
  if held_until <= now then
    redis.call('HSET', KEYS[1], 'probe:' .. slot, string.format('%.0f', lease_until))
    return {'probe', generation, slot, lease_until}
  end
  earliest = math.min(earliest, held_until)
end
return {'open', generation, 0, earliest}
