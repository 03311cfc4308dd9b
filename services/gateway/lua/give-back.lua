-- Takes back what `admit` counted for a call that otp refused: a send that was not made costs nothing. Its reservation goes
-- too, so that the same Idempotency-Key is counted when it comes again.
-- KEYS  1 sends: hash window, current, previous   2 idempotency key     (one hash tag)
-- ARGV  1 operation id that the call was given, empty without an Idempotency-Key
-- Returns 1
if tonumber(redis.call('HGET', KEYS[1], 'current') or '0') > 0 then redis.call('HINCRBY', KEYS[1], 'current', -1) end
if ARGV[1] ~= '' then
  local stored = redis.call('GET', KEYS[2])
  if stored and string.sub(stored, -#ARGV[1]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
end
return 1
