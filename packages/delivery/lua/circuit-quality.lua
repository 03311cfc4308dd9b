-- How good a provider is at present, for those who share traffic by weight: of its weight it keeps this part, 5 % at least, so
-- that it is heard of again. It falls with the share of calls and receipts that fail, and when the time to accept or to deliver
-- is more than twice what it used to be. Figures fade within some 15 s of traffic; without any it drifts back to all in 60 s.
--
-- `quality` (text in the circuit): at, calls, failed, then for acceptance and for delivery: count and sum of the latest times, and
-- the usual one. The usual falls quickly and rises in half an hour: a provider that has become slow must not pass for one that
-- always was.
-- Shares the names of the prelude, which stands before it.

local FADE_MS = 15000
local DRIFT_MS = 60000
local USUAL_RISES_MS = 1800000
-- As if so many good calls stood beside those that were made: one failure of one call is no measure.
local CALLS_BESIDE = 5
local QUALITY_MIN = 5
-- Nobody is worse for what stays below.
local GOOD_ENOUGH = { accept = 1000, deliver = 10000 }
local SAMPLE_EVERY_MS = 500
local SAMPLE_KEPT_MS = 300000

local function measured(text)
  local parts = {}
  for part in string.gmatch(text or '', '%S+') do parts[#parts + 1] = tonumber(part) end
  return {
    at = parts[1] or now, calls = parts[2] or 0, failed = parts[3] or 0,
    accept = { count = parts[4] or 0, sum = parts[5] or 0, usual = parts[6] or 0 },
    deliver = { count = parts[7] or 0, sum = parts[8] or 0, usual = parts[9] or 0 },
  }
end

local function written(seen)
  local accept, deliver = seen.accept, seen.deliver
  return string.format('%d %.3f %.3f %.3f %.0f %.0f %.3f %.0f %.0f', seen.at, seen.calls, seen.failed, accept.count,
    accept.sum, accept.usual, deliver.count, deliver.sum, deliver.usual)
end

local function fade(times, kept)
  times.count, times.sum = times.count * kept, times.sum * kept
end

local function add_time(times, took, since)
  times.count, times.sum = times.count + 1, times.sum + took
  if times.usual == 0 then times.usual = took end
  local part = took < times.usual and 0.1 or 1 - math.exp(-since / USUAL_RISES_MS)
  times.usual = math.max(1, times.usual + (took - times.usual) * part)
end

-- Counts one word on the provider. Times in ms; nil where the word says nothing of them.
local function note_quality(fields, health, took_to_accept, took_to_deliver)
  local seen = measured(fields.quality)
  local since = math.max(0, now - seen.at)
  local kept = math.exp(-since / FADE_MS)
  seen.at, seen.calls, seen.failed = math.max(seen.at, now), seen.calls * kept + 1, seen.failed * kept
  fade(seen.accept, kept)
  fade(seen.deliver, kept)
  if health == 'unhealthy' then seen.failed = seen.failed + 1 end
  if took_to_accept and health ~= 'unhealthy' then add_time(seen.accept, took_to_accept, since) end
  if took_to_deliver then add_time(seen.deliver, took_to_deliver, since) end
  redis.call('HSET', circuit, 'quality', written(seen))
end

local function speed(times, good_enough)
  if times.count == 0 then return 1 end
  local mean = (times.sum + CALLS_BESIDE * times.usual) / (times.count + CALLS_BESIDE)
  return math.min(1, math.max(good_enough, 2 * times.usual) / mean)
end

-- In %, of all.
local function quality_of(fields)
  local seen = measured(fields.quality)
  local good = 1 - seen.failed / (seen.calls + CALLS_BESIDE)
  local quality = good * good * speed(seen.accept, GOOD_ENOUGH.accept) * speed(seen.deliver, GOOD_ENOUGH.deliver)
  local drifted = math.min(1, math.max(0, now - seen.at) / DRIFT_MS)
  return math.max(QUALITY_MIN, math.floor(100 * (quality + (1 - quality) * drifted) + 0.5))
end

-- Of two attempts a second, at most, it is kept when the provider took them, so that a receipt tells how long that took.
local function take_sample(attempt)
  if attempt == '' then return end
  local samples = KEYS[2]
  redis.call('ZREMRANGEBYSCORE', samples, '-inf', now - SAMPLE_KEPT_MS)
  local newest = redis.call('ZRANGE', samples, -1, -1, 'WITHSCORES')[2]
  if newest and now - tonumber(newest) < SAMPLE_EVERY_MS then return end
  redis.call('ZADD', samples, now, attempt)
  redis.call('PEXPIRE', samples, SAMPLE_KEPT_MS)
end

local function took_to_deliver(health, attempt)
  local taken_at = attempt ~= '' and redis.call('ZSCORE', KEYS[2], attempt)
  if not taken_at then return nil end
  redis.call('ZREM', KEYS[2], attempt)
  return health == 'healthy' and math.max(0, now - tonumber(taken_at)) or nil
end
