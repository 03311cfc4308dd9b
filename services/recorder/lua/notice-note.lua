-- Adds to what a project's admins are to be told; when they were told a while ago, or never, it is due at once.
-- KEYS  1 due (sorted set of projects)   2 notice of the project     (one hash tag)
-- ARGV  1 project  2 codes that could not be delivered, live  3 the same, test  4 now, ms  5 how long it is kept, ms
--       6 … channels that were tried
-- Returns 1
local now = tonumber(ARGV[4])
redis.call('HINCRBY', KEYS[2], 'live', ARGV[2])
redis.call('HINCRBY', KEYS[2], 'test', ARGV[3])
redis.call('HSETNX', KEYS[2], 'since', now)
for at = 6, #ARGV do redis.call('HSET', KEYS[2], 'channel:' .. ARGV[at], 1) end
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  local after = tonumber(redis.call('HGET', KEYS[2], 'after') or 0)
  redis.call('ZADD', KEYS[1], math.max(now, after), ARGV[1])
end
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
