#!lua flags=allow-oom
-- Takes back what `admit` counted for a call that otp refused: a send that was not made costs nothing. Its reservation goes
-- too, so that the same Idempotency-Key is counted when it comes again.
-- KEYS  1 sends: hash window, current, previous, month, used   2 idempotency key   3 the end user's sends
--       4 the end user's address' sends     (one hash tag)
-- ARGV  1 now, ms   2 operation id that the call was given, empty without an Idempotency-Key   3 month it was counted in
--       4 1 when the user's send was counted   5 1 when the address' was
-- Returns 1

-- include "slots.lua"

local stored = redis.call('HMGET', KEYS[1], 'current', 'month', 'used')
if tonumber(stored[1] or '0') > 0 then redis.call('HINCRBY', KEYS[1], 'current', -1) end
if stored[2] == ARGV[3] and tonumber(stored[3]) > 0 then redis.call('HINCRBY', KEYS[1], 'used', -1) end
if ARGV[4] == '1' then takeFromSlots(readSlots(KEYS[3], tonumber(ARGV[1]), 60000), 1) end
if ARGV[5] == '1' then takeFromSlots(readSlots(KEYS[4], tonumber(ARGV[1]), 3600000), 1) end
if ARGV[2] ~= '' then
  local reserved = redis.call('GET', KEYS[2])
  if reserved and string.sub(reserved, -#ARGV[2]) == ARGV[2] then redis.call('DEL', KEYS[2]) end
end
return 1
