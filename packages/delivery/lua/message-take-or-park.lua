-- Says which attempt a receipt's message is of; parks the receipt while nobody knows. Of each status one is kept, so that a
-- provider that repeats itself takes no more room. The wait begins with the first. Of one account only so many messages wait:
-- the one that was told of longest ago makes room, since what we sent ourselves is bound within moments.
-- KEYS  1 message, as in message-bind   2 waiting, as there
-- ARGV  1 the receipt's status   2 receipt, JSON   3 how long it waits at most, ms   4 messages of the account that wait at most
-- Returns the attempt's id, or '' when the receipt was parked
local message, waiting = KEYS[1], KEYS[2]
local attempt = redis.call('HGET', message, 'attempt')
if attempt then return attempt end
redis.call('HSETNX', message, ARGV[1], ARGV[2])
redis.call('PEXPIRE', message, ARGV[3], 'NX')
local time = redis.call('TIME')
redis.call('ZADD', waiting, time[1] * 1000000 + time[2], message)
redis.call('PEXPIRE', waiting, ARGV[3])
local over = redis.call('ZCARD', waiting) - tonumber(ARGV[4])
if over > 0 then
  -- Messages of the same account, so of the same slot.
  for _, oldest in ipairs(redis.call('ZRANGE', waiting, 0, over - 1)) do redis.call('DEL', oldest) end
  redis.call('ZREMRANGEBYRANK', waiting, 0, over - 1)
end
return ''
