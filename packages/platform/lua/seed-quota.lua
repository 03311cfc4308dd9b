-- Raises a project's count of sends in a month to what is known from elsewhere, after Redis was emptied. It never lowers it.
-- KEYS  1 sends: hash month, used, and the hour's window
-- ARGV  1 month, YYYY-MM   2 sends in it   3 how long to keep it, ms
-- Returns the sends that count now
local stored = redis.call('HMGET', KEYS[1], 'month', 'used')
local month, used = stored[1] or '', tonumber(stored[2] or '0')
-- A month that is over counts no more.
if month > ARGV[1] then return used end
if month == ARGV[1] and used >= tonumber(ARGV[2]) then return used end
redis.call('HSET', KEYS[1], 'month', ARGV[1], 'used', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return tonumber(ARGV[2])
