#!lua flags=allow-oom
-- Gives a delivery leave to call an account that may get only so many messages in a second, from all workers together (GCRA
-- without a burst, with reservations).
--
-- Two things, since what is planned and what is done drift apart. The schedule gives everybody a slot of his own, one `spacing`
-- after the other, so that nobody asks in vain, and who comes back finds his place kept. The log of calls alone decides: a call
-- is permitted when the N-th before it is a whole window ago. Whoever comes late for his slot therefore calls as soon as the log
-- has room, for which his own unused slot made it.
-- KEYS  1 slots (sorted set: deliveries by their slot, ms)   2 calls (list: when each of the last N was permitted, newest first)
-- ARGV  1 now, ms   2 N: calls in a window   3 window, ms   4 delivery   5 how far ahead a slot may be, ms
--       6 how long after its slot a reservation is kept, ms   7 '1' when its `go` came too late to be used: its slot is now
-- Returns {go} | {wait, ms until its slot, 1 when that is reserved}
local slots, calls = KEYS[1], KEYS[2]
local now, most, window, delivery = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local horizon, kept = tonumber(ARGV[5]), tonumber(ARGV[6])
local spacing = window / most
-- Workers' clocks differ by moments. What stands further ahead was planned before Redis' clock was set back, and bounds nothing.
local SET_BACK_MS = 60000

local function keep(key)
  local ms = math.ceil(horizon + kept + 2 * window)
  -- Another's slot may be further ahead than this one's can be.
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, ms) end
end

local function last_call()
  local at = redis.call('LINDEX', calls, 0)
  return at and tonumber(at)
end

local function last_slot()
  local at = redis.call('ZRANGE', slots, -1, -1, 'WITHSCORES')[2]
  return at and tonumber(at)
end

-- When the log has room for one more than `before` others.
local function room_at(before)
  local call = redis.call('LINDEX', calls, most - 1 - before % most)
  return call and tonumber(call) + window * (1 + math.floor(before / most)) or now
end

local function go()
  redis.call('ZREM', slots, delivery)
  redis.call('LPUSH', calls, now)
  redis.call('LTRIM', calls, 0, most - 1)
  keep(calls)
  return { 'go' }
end

local function wait_until(at, is_reserved)
  return { 'wait', math.max(1, math.ceil(at - now)), is_reserved and 1 or 0 }
end

if math.max(last_call() or now, last_slot() or now) > now + SET_BACK_MS then redis.call('DEL', slots, calls) end
redis.call('ZREMRANGEBYSCORE', slots, '-inf', '(' .. now - kept)
if ARGV[7] == '1' then
  redis.call('ZADD', slots, now, delivery)
  keep(slots)
end
local reserved = redis.call('ZSCORE', slots, delivery)
if reserved then
  if tonumber(reserved) > now then return wait_until(tonumber(reserved), true) end
  if room_at(0) <= now then return go() end
  -- Those who have waited longer than this one take their turn first.
  return wait_until(room_at(redis.call('ZCOUNT', slots, '-inf', '(' .. reserved)), true)
end

local function behind(time)
  return time and time + spacing or now
end

local slot = math.max(now, room_at(0), behind(last_slot()), behind(last_call()))
if slot <= now then return go() end
if slot - now > horizon then return wait_until(slot, false) end
redis.call('ZADD', slots, slot, delivery)
keep(slots)
return wait_until(slot, true)
