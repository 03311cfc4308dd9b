#!lua flags=allow-oom
-- Counts one call of a client address, unless it has made as many as it may.
-- KEYS  1 calls
-- ARGV  1 now, ms   2 calls   3 in how long, ms
-- Returns the seconds until one more fits; 0 = this one did

-- include "slots.lua"

local now, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local calls = readSlots(KEYS[1], now, tonumber(ARGV[3]))
if calls.total >= limit then return secondsUntilSlots(calls, limit, 1, now) end
addToSlots(calls, 1)
return 0
