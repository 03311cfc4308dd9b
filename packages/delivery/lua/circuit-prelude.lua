-- The circuit of one provider, shared by all workers: how far it is worth calling. (Circuit breaker with a slow start.)
--
--   closed      Every call is permitted. Opens after 5 failures in a row, or when of at least 20 calls in the last 10 s half
--               failed, or half failed or were slow.
--   open        No call is permitted for a time: the first opening's, twice as long with each further one, 60 s at most.
--               It begins anew with an opening that comes when the circuit has been closed for 60 s. No jitter: all workers
--               read this one hash, so there is no herd to spread.
--   half_open   The time is over: 2 probes at a time. A probe is a lease, so that a dead worker's frees itself. A bad or slow
--               one opens the circuit again, 3 good ones in a row let it recover: one may be luck.
--   recovering  A share of the calls that grows from 10 % to all is permitted; the others are to take another provider,
--               and may come here only when there is none. The share waits while the latest call has failed. Opens again by
--               a stricter rule, else closes when the share has reached all.
--
-- `generation` moves with each opening and with each start of a recovery: a call that was permitted in an older one says
-- nothing about this one. What time alone decides is carried out, and told, by the next permit.
-- Healthy and unhealthy tell of a call; neutral (the destination's fault) is counted nowhere, and only gives a probe back.
--
-- Circuit (hash `ww:{h:<provider>}`; all of it absent: closed)
--   state   generation   opened_at, opened_for (the outage's first opening; the last one's reason)   open_until
--   openings, closed_at (how often it opened since it was last quiet)   probe:<slot> (end of the lease)   probes_good
--   ramp_from, credit (the share's beginning; what of a call has been saved up, in %)
--   failures, failing_since (the run of failed calls)
--   current, past, past_totals (the window: this second's figures; JSON of the 9 before it, of those with calls; their totals)
--   quality (see `circuit-quality.lua`)
-- KEYS  1 circuit   2 samples (sorted set: attempts that a provider took, by when it did)
-- ARGV  1 now, ms   2 first opening's time, ms   3 time of a whole recovery, ms

local circuit, now = KEYS[1], tonumber(ARGV[1])
local FIRST_OPEN_MS, RAMP_MS = tonumber(ARGV[2]), tonumber(ARGV[3])

local OPEN_MS_MAX = 60000
local QUIET_MS = 60000
local WINDOW_SECONDS = 10
local PROBES_MAX = 2
local GOOD_PROBES = 3
local FIRST_SHARE = 10
local FORGET_MS = 3600000
-- Workers' clocks differ by moments. A circuit that was last told of further ahead is of a time before Redis' clock was set back.
local SET_BACK_MS = 60000
-- Shares in % of the window's calls.
local RULES = {
  closed = { failures_in_row = 5, calls_min = 20, failed = 50, failed_or_slow = 50 },
  recovering = { failures_in_row = 2, calls_min = 10, failed = 20, failed_or_slow = 50 },
}

local function load()
  local flat, fields = redis.call('HGETALL', circuit), {}
  for at = 1, #flat, 2 do fields[flat[at]] = flat[at + 1] end
  local told_at = tonumber(string.match(fields.quality or '', '^%d+') or now)
  if told_at <= now + SET_BACK_MS then return fields end
  redis.call('DEL', circuit, KEYS[2])
  return {}
end

local function number(text)
  return tonumber(text or '0')
end

-- A run of failures stops the clock of a recovery.
local function ramp_ms(fields)
  return math.max(0, number(fields.failing_since or now) - number(fields.ramp_from))
end

local function share_of(fields)
  return math.min(100, FIRST_SHARE + math.floor((100 - FIRST_SHARE) * ramp_ms(fields) / RAMP_MS))
end

local function is_half_open(fields)
  return fields.state == 'half_open' or (fields.state == 'open' and now >= number(fields.open_until))
end

local function live_probes(fields)
  local live = 0
  for slot = 1, PROBES_MAX do
    if number(fields['probe:' .. slot]) > now then live = live + 1 end
  end
  return live
end

-- Figures: {second, calls, failed, slow, time of the first bad one or 0}.
local function figures_of(text)
  local second, calls, failed, slow, bad_at = string.match(text or '0 0 0 0 0', '(%d+) (%d+) (%d+) (%d+) (%d+)')
  return { tonumber(second), tonumber(calls), tonumber(failed), tonumber(slow), tonumber(bad_at) }
end

local function add(figures, more)
  for at = 2, 4 do figures[at] = figures[at] + more[at] end
  if figures[5] == 0 then figures[5] = more[5] end
  return figures
end

-- The figures of this second, and the totals of those before it that are still in the window; those themselves only when this
-- second is a new one: their totals are worked out once a second, not for each call.
local function window_of(fields)
  local second, current = math.floor(now / 1000), figures_of(fields.current)
  -- A clock that is a little behind counts into the second that another worker has begun.
  if current[1] >= second then return current, figures_of(fields.past_totals), nil end
  local seconds, kept, totals = cjson.decode(fields.past or '[]'), {}, figures_of()
  seconds[#seconds + 1] = current
  for _, figures in ipairs(seconds) do
    if figures[1] > second - WINDOW_SECONDS then
      kept[#kept + 1] = figures
      add(totals, figures)
    end
  end
  return { second, 0, 0, 0, 0 }, totals, kept
end

-- Adds one call to the window, and returns the window's totals.
local function count(fields, health)
  local current, past_totals, past = window_of(fields)
  if past then
    redis.call('HSET', circuit, 'past', cjson.encode(past), 'past_totals', table.concat(past_totals, ' '))
    redis.call('PEXPIRE', circuit, FORGET_MS)
  end
  current[2] = current[2] + 1
  if health == 'unhealthy' then current[3] = current[3] + 1 end
  if health == 'slow' then current[4] = current[4] + 1 end
  if health ~= 'healthy' and current[5] == 0 then current[5] = now end
  redis.call('HSET', circuit, 'current', table.concat(current, ' '))
  return add(past_totals, current)
end

-- Why the counted calls open the circuit, or nil.
local function reason_to_open(state, failures, totals)
  local rule, calls, failed, slow = RULES[state], totals[2], totals[3], totals[4]
  if failures >= rule.failures_in_row then return 'failures_in_row' end
  if calls < rule.calls_min then return nil end
  if failed * 100 >= rule.failed * calls then return 'failure_rate' end
  if (failed + slow) * 100 >= rule.failed_or_slow * calls then return 'slow_rate' end
  return nil
end

local function open(fields, reason)
  local from_closed = not fields.state
  local openings = number(fields.openings)
  if from_closed and now - number(fields.closed_at) >= QUIET_MS then openings = 0 end
  local open_ms = math.min(FIRST_OPEN_MS * 2 ^ openings, OPEN_MS_MAX)
  redis.call('HDEL', circuit, 'failures', 'failing_since', 'probes_good', 'ramp_from', 'credit')
  for slot = 1, PROBES_MAX do redis.call('HDEL', circuit, 'probe:' .. slot) end
  redis.call('HSET', circuit, 'state', 'open', 'generation', number(fields.generation) + 1, 'open_until', now + open_ms,
    'openings', openings + 1, 'opened_for', reason)
  if from_closed then redis.call('HSET', circuit, 'opened_at', now) end
  redis.call('PEXPIRE', circuit, FORGET_MS)
end

local function begin_recovery(fields)
  redis.call('HDEL', circuit, 'open_until', 'opened_for', 'probes_good', 'current', 'past', 'past_totals')
  for slot = 1, PROBES_MAX do redis.call('HDEL', circuit, 'probe:' .. slot) end
  -- The first call is one of the share.
  redis.call('HSET', circuit, 'state', 'recovering', 'generation', number(fields.generation) + 1, 'ramp_from', now,
    'credit', 100 - FIRST_SHARE)
end

-- Counts one call of a circuit that is closed or recovering; opens it when that was too much. `failures` is the run it ends.
-- Returns {from, to, reason, ms}: ms since the outage began, or since the first of the calls that opened it; or {'counted'}.
local function judge(fields, health, failures, failing_since)
  local totals = count(fields, health)
  local reason = reason_to_open(fields.state or 'closed', failures, totals)
  if not reason then return { 'counted' } end
  local since = fields.opened_at
  if not fields.state then since = reason == 'failures_in_row' and failing_since or totals[5] end
  open(fields, reason)
  return { fields.state or 'closed', 'open', reason, math.max(0, now - number(since)) }
end
