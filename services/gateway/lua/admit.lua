-- Admits one call of a project: its deadline, its limit of sends and its Idempotency-Key, in one step.
-- KEYS  1 sends: hash window, current, previous   2 idempotency key: fingerprint:operation     (one hash tag)
-- ARGV  1 now, ms  2 deadline on Redis' clock, ms  3 sends the call costs  4 sends per hour, 0 = no limit
--       5 fingerprint of the request, empty without an Idempotency-Key  6 fresh operation id
-- Returns {outcome, operation, remaining, resetSeconds, retrySeconds}; outcome = admitted, limited, mismatched, late
--
-- The limit is a sliding window of two buckets: this hour's sends, and the last hour's weighted by how much of it the
-- window still covers. It never admits more than the limit in an hour of even traffic, and errs on the strict side.
-- A known Idempotency-Key is a repeat: it gets its operation back and is neither counted nor limited. A call that is
-- refused reserves nothing.

local WINDOW_MS = 3600000
local KEEP_MS = 86400000

local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[2]) then
  return {'late', '', 0, 0, 0}
end

local now, cost, limit = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
local fingerprint = ARGV[5]
local window, elapsed = math.floor(now / WINDOW_MS), now % WINDOW_MS
local current, previous = 0, 0

if limit > 0 then
  local stored = redis.call('HMGET', KEYS[1], 'window', 'current', 'previous')
  local storedWindow = tonumber(stored[1])
  if storedWindow then
    -- A process whose clock runs ahead was here first: its window holds, so that no bucket is lost.
    if storedWindow > window then window, elapsed = storedWindow, 0 end
    if storedWindow == window then
      current, previous = tonumber(stored[2]), tonumber(stored[3])
    elseif storedWindow == window - 1 then
      previous = tonumber(stored[2])
    end
  end
end

local function remaining()
  return math.floor(limit - current - previous * (WINDOW_MS - elapsed) / WINDOW_MS)
end

-- Seconds until `sends` more fit, at least 1.
local function secondsUntil(sends)
  local free = limit - sends - current
  local waitMs
  if free >= 0 then
    waitMs = previous == 0 and 0 or WINDOW_MS * (1 - free / previous) - elapsed
  else
    waitMs = WINDOW_MS - elapsed + WINDOW_MS * (1 - (limit - sends) / current)
  end
  return math.floor(math.max(waitMs, 0) / 1000) + 1
end

local function reply(outcome, operation)
  if limit == 0 then return {outcome, operation, 0, 0, 0} end
  local left = math.max(remaining(), 0)
  local reset = left > 0 and math.ceil((WINDOW_MS - elapsed) / 1000) or secondsUntil(1)
  return {outcome, operation, left, reset, outcome == 'limited' and secondsUntil(cost) or 0}
end

if fingerprint ~= '' then
  local stored = redis.call('GET', KEYS[2])
  if stored then
    local colon = string.find(stored, ':', 1, true)
    if string.sub(stored, 1, colon - 1) ~= fingerprint then return reply('mismatched', '') end
    return reply('admitted', string.sub(stored, colon + 1))
  end
end

if limit > 0 and cost > 0 then
  if remaining() < cost then return reply('limited', '') end
  current = current + cost
  redis.call('HSET', KEYS[1], 'window', window, 'current', current, 'previous', previous)
  redis.call('PEXPIRE', KEYS[1], 2 * WINDOW_MS)
end

if fingerprint == '' then return reply('admitted', '') end
redis.call('SET', KEYS[2], fingerprint .. ':' .. ARGV[6], 'PX', KEEP_MS)
return reply('admitted', ARGV[6])
