-- Says which attempt a provider's message is of, and hands over the receipts that came before that was known. Binding again
-- changes nothing: the first attempt stays. What is handed over is not taken away, so that an answer that was lost can be
-- had again; a status never falls, so applying it twice does no harm.
-- Message (hash `ww:{w:<account's circuit>}:<the provider's id>`)
--   attempt (its id; absent: not known yet)   <status> (a parked receipt, JSON; one of each status)
-- Waiting (sorted set `ww:{w:<account's circuit>}`): the account's messages whose attempt is not known, by their keys; the score
--   is when one was told of last, µs
-- KEYS  1 message   2 waiting
-- ARGV  1 attempt's id   2 how long it is known, ms
-- Returns {parked receipt, JSON} …
local message, waiting = KEYS[1], KEYS[2]
redis.call('HSETNX', message, 'attempt', ARGV[1])
redis.call('PEXPIRE', message, ARGV[2])
redis.call('ZREM', waiting, message)
local flat, parked = redis.call('HGETALL', message), {}
for at = 1, #flat, 2 do
  if flat[at] ~= 'attempt' then parked[#parked + 1] = flat[at + 1] end
end
return parked
