-- Says whether a provider may be called, and takes one of the probe permissions while its circuit is half open. Carries
-- out what time alone decides: an open circuit becomes half open, a recovered one closes.
-- KEYS, ARGV 1–3 as in the prelude
-- ARGV  4 probe lease, ms
-- Returns {permission, generation, slot, until, moved}. Permission: closed | probe | recovering | deflected (recovering, not
-- one of the share) | slow (open, but only because it was slow) | open. `until`: the end of the probe's lease, or when
-- an open circuit is worth asking again. `moved`: {from, to, reason, ms since the outage began} or {}.
local state = redis.call('HMGET', KEYS[1], 'state', 'generation')
if not state[1] then return { 'closed', tonumber(state[2] or '0'), 0, 0, {} } end

-- include "./circuit-prelude.lua"
local fields = load()
if not fields.state then return { 'closed', 0, 0, 0, {} } end
local generation, moved = number(fields.generation), {}

local function move(to, reason)
  moved = { fields.state, to, reason, math.max(0, now - number(fields.opened_at)) }
end

local function refuse(ask_again_at)
  local is_slow = fields.opened_for == 'slow_rate' or fields.opened_for == 'probe_slow'
  return { is_slow and 'slow' or 'open', generation, 0, ask_again_at, moved }
end

local function permit_probe()
  local lease_until = now + tonumber(ARGV[4])
  local earliest = lease_until
  for slot = 1, PROBES_MAX do
    local held_until = number(fields['probe:' .. slot])
    if held_until <= now then
      redis.call('HSET', circuit, 'probe:' .. slot, lease_until)
      return { 'probe', generation, slot, lease_until, moved }
    end
    earliest = math.min(earliest, held_until)
  end
  return refuse(earliest)
end

-- Of 100 calls as many as the share has percents, evenly spread and without chance.
local function permit_share()
  local credit = number(fields.credit) + share_of(fields)
  redis.call('HSET', circuit, 'credit', credit % 100)
  return { credit >= 100 and 'recovering' or 'deflected', generation, 0, 0, moved }
end

if is_half_open(fields) then
  if fields.state == 'open' then
    redis.call('HSET', circuit, 'state', 'half_open')
    move('half_open', 'open_time_over')
  end
  return permit_probe()
end
if fields.state == 'open' then return refuse(number(fields.open_until)) end
if ramp_ms(fields) < RAMP_MS then return permit_share() end

redis.call('HDEL', circuit, 'state', 'opened_at', 'ramp_from', 'credit')
redis.call('HSET', circuit, 'closed_at', number(fields.ramp_from) + RAMP_MS)
move('closed', 'recovered')
return { 'closed', generation, 0, 0, moved }
