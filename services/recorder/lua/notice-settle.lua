-- Ends a claim: what was told is taken off, and nothing more is told for a while; or it was not told, and is due again later. A
-- claim that another has followed changes nothing.
-- KEYS  1 due   2 notice of the project
-- ARGV  1 project  2 claim  3 told | untold | dropped  4 live  5 test  6 now, ms  7 when the next may be sent, ms
-- Returns 1, or 0 when the claim is stale
if redis.call('HGET', KEYS[2], 'claim') ~= ARGV[2] then return 0 end
if ARGV[3] == 'untold' then
  redis.call('HINCRBY', KEYS[2], 'tries', 1)
  redis.call('ZADD', KEYS[1], ARGV[7], ARGV[1])
  return 1
end
local live = redis.call('HINCRBY', KEYS[2], 'live', 0 - tonumber(ARGV[4]))
local test = redis.call('HINCRBY', KEYS[2], 'test', 0 - tonumber(ARGV[5]))
redis.call('HDEL', KEYS[2], 'tries')
redis.call('HSET', KEYS[2], 'after', ARGV[7], 'since', ARGV[6])
if live + test > 0 then
  redis.call('ZADD', KEYS[1], ARGV[7], ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], 'since')
  for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
    if string.find(field, '^channel:') then redis.call('HDEL', KEYS[2], field) end
  end
end
return 1
