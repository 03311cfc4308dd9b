-- Wrong checks in a row of one destination and purpose, and the locks that they lead to.

local STREAK_KEPT_MS = 30 * 24 * 3600 * 1000
local LOCK_FIRST_MS, LOCK_MAX_MS, LOCK_AT = 30 * 1000, 3600 * 1000, 100

-- How many milliseconds the destination still takes no guess, as a refusal; nil when it takes one.
local function refuse_check(destination, now)
  local locked_until = number_of(destination, 'l')
  if now < locked_until then return cjson.encode({ result = 'checks_locked', retry_ms = locked_until - now }) end
end

-- Counts one more, of which `free` do not lock.
local function count_wrong_check(destination, now, free)
  local streak = redis.call('HINCRBY', destination, 'k', 1)
  keep_destination(destination, nil, STREAK_KEPT_MS)
  if streak >= LOCK_AT then
    redis.call('HSET', destination, 'l', LOCKED_FOR_GOOD)
    redis.call('PERSIST', destination)
  elseif streak >= free then
    local wait = math.min(LOCK_MAX_MS, LOCK_FIRST_MS * 2 ^ math.min(streak - free, 12))
    redis.call('HSET', destination, 'l', string.format('%d', now + wait))
  end
end

-- Gives back what was counted (all of it without `count`), and with it the lock: whoever counts after a lock was set has waited
-- for its end, so one that still runs was set by what is given back, or would not have been set without it.
local function take_back_checks(destination, count)
  if count == 0 or redis.call('HEXISTS', destination, 'k') == 0 then return end
  local streak = count and redis.call('HINCRBY', destination, 'k', -count) or 0
  if streak >= LOCK_AT then return end
  redis.call('HDEL', destination, 'l')
  if streak <= 0 then redis.call('HDEL', destination, 'k') end
  -- It may have been locked for good a moment ago.
  if redis.call('PTTL', destination) == -1 then redis.call('PEXPIRE', destination, STREAK_KEPT_MS) end
end
