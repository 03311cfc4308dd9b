#!lua flags=allow-oom
-- Admits one call of a project: the configuration it was judged by, its deadline, its limits of sends, its plan's quota and its
-- Idempotency-Key, in one step.
-- KEYS  1 configuration: hash epoch …   2 sends: hash window, current, previous, month, used
--       3 idempotency key: fingerprint:operation   4 the end user's sends   5 the end user's address' sends   (one hash tag)
-- ARGV  1 now, ms   2 deadline on Redis' clock, ms   3 epoch under which the key was judged   4 sends the call costs
--       5 fingerprint of the request, empty without an Idempotency-Key   6 fresh operation id
--       7 project's sends per hour   8 user's sends per minute   9 address' sends per hour; each 0 = no limit, or nobody to limit
--       10 month, YYYY-MM   11 sends of the month, -1 = no quota   12 how long to keep the month's count, ms
-- Returns {outcome, operation, limit reached, seconds to wait for it, then of each what is left and the seconds to its reset:
--   project, user, address; and what is left of the quota}; -1 = no such limit
--   outcome = admitted, limited, mismatched, stale, late
--
-- The project's limit is a sliding window of two buckets: this hour's sends, and the last hour's weighted by how much of it the
-- window still covers. It never admits more than the limit in an hour of even traffic, and errs on the strict side.
-- A known Idempotency-Key is a repeat: it gets its operation back and is neither counted nor limited. A call that is
-- refused reserves nothing.

-- include "slots.lua"

local HOUR_MS = 3600000
local MINUTE_MS = 60000
local KEEP_MS = 86400000

local function refuse(outcome) return {outcome, '', '', 0, -1, 0, -1, 0, -1, 0, -1} end

local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[2]) then return refuse('late') end
if (redis.call('HGET', KEYS[1], 'epoch') or '0') ~= ARGV[3] then return refuse('stale') end

local now, cost = tonumber(ARGV[1]), tonumber(ARGV[4])
local fingerprint = ARGV[5]
local limit, userLimit, addressLimit = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local month, quota = ARGV[10], tonumber(ARGV[11])

local window, elapsed = math.floor(now / HOUR_MS), now % HOUR_MS
local current, previous, used = 0, 0, 0
local isNewWindow = true

if limit > 0 or quota >= 0 or cost > 0 then
  local stored = redis.call('HMGET', KEYS[2], 'window', 'current', 'previous', 'month', 'used')
  local storedWindow = tonumber(stored[1])
  if storedWindow then
    -- A process whose clock runs ahead was here first: its window holds, so that no bucket is lost. So does its month.
    if storedWindow > window then window, elapsed = storedWindow, 0 end
    if storedWindow == window then
      current, previous, isNewWindow = tonumber(stored[2]), tonumber(stored[3]), false
    elseif storedWindow == window - 1 then
      previous = tonumber(stored[2])
    end
  end
  if stored[4] and stored[4] >= month then month, used = stored[4], tonumber(stored[5]) end
end
local user = userLimit > 0 and readSlots(KEYS[4], now, MINUTE_MS)
local address = addressLimit > 0 and readSlots(KEYS[5], now, HOUR_MS)

local function projectLeft()
  return math.floor(limit - current - previous * (HOUR_MS - elapsed) / HOUR_MS)
end

-- Seconds until `sends` more of the project fit, at least 1.
local function secondsUntil(sends)
  local free = limit - sends - current
  local waitMs
  if free >= 0 then
    waitMs = previous == 0 and 0 or HOUR_MS * (1 - free / previous) - elapsed
  else
    waitMs = HOUR_MS - elapsed + HOUR_MS * (1 - (limit - sends) / current)
  end
  return math.floor(math.max(waitMs, 0) / 1000) + 1
end

-- What is left, and the seconds until the bucket turns over or, with nothing left, until one more send fits.
local function projectState()
  if limit == 0 then return -1, 0 end
  local left = math.max(projectLeft(), 0)
  return left, left > 0 and math.ceil((HOUR_MS - elapsed) / 1000) or secondsUntil(1)
end

local function slotsState(slots, max)
  if not slots then return -1, 0 end
  local left = math.max(max - slots.total, 0)
  return left, left > 0 and math.ceil(slots.windowMs / 1000) or secondsUntilSlots(slots, max, 1, now)
end

local function reply(outcome, operation, reached, waitSeconds)
  local left, reset = projectState()
  local userLeft, userReset = slotsState(user, userLimit)
  local addressLeft, addressReset = slotsState(address, addressLimit)
  local quotaLeft = quota < 0 and -1 or math.max(quota - used, 0)
  return {
    outcome, operation, reached or '', waitSeconds or 0,
    left, reset, userLeft, userReset, addressLeft, addressReset, quotaLeft,
  }
end

-- The limit whose wait is the longest, so that a caller who waits is not refused by the next one; nil when all have room.
local function reachedLimit()
  if quota >= 0 and used + cost > quota then return 'quota', 0 end
  local name, longest
  local function consider(candidate, seconds)
    if not longest or seconds > longest then name, longest = candidate, seconds end
  end
  if limit > 0 and projectLeft() < cost then consider('project_sends', secondsUntil(cost)) end
  if user and user.total + cost > userLimit then
    consider('user_sends', secondsUntilSlots(user, userLimit, cost, now))
  end
  if address and address.total + cost > addressLimit then
    consider('ip_sends', secondsUntilSlots(address, addressLimit, cost, now))
  end
  return name, longest
end

if fingerprint ~= '' then
  local stored = redis.call('GET', KEYS[3])
  if stored then
    local colon = string.find(stored, ':', 1, true)
    if string.sub(stored, 1, colon - 1) ~= fingerprint then return reply('mismatched', '') end
    return reply('admitted', string.sub(stored, colon + 1))
  end
end

if cost > 0 then
  local reached, waitSeconds = reachedLimit()
  if reached then return reply('limited', '', reached, waitSeconds) end
  current, used = current + cost, used + cost
  redis.call(
    'HSET', KEYS[2], 'window', window, 'current', current, 'previous', previous, 'month', month, 'used', used
  )
  if isNewWindow then redis.call('PEXPIRE', KEYS[2], ARGV[12]) end
  if user then addToSlots(user, cost) end
  if address then addToSlots(address, cost) end
end

if fingerprint == '' then return reply('admitted', '') end
redis.call('SET', KEYS[3], fingerprint .. ':' .. ARGV[6], 'PX', KEEP_MS)
return reply('admitted', ARGV[6])
