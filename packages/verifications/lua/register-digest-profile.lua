-- Finds the number of a digest profile, or gives it one. Numbers stand in ids, 6 bits: when all are taken, one whose pepper
-- has been retired is used again, since nothing that was digested under it can be verified any more.
-- KEYS  1 profiles: number (0–63) → JSON {memoryKib, pepper}
-- ARGV  1 memory, KiB   2 pepper id   3 ids of the peppers that are held, `,1,2,`
-- Returns the number, or -1 when all are taken by profiles that are in use
local NUMBERS = 64
local free, retired
for number = 0, NUMBERS - 1 do
  local stored = redis.call('HGET', KEYS[1], number)
  -- Earlier versions had one pepper, the first.
  local profile = stored and cjson.decode(stored)
  local pepper = profile and tostring(profile.pepper or 1)
  if not profile then
    free = free or number
  elseif tostring(profile.memoryKib) == ARGV[1] and pepper == ARGV[2] then
    return number
  elseif not string.find(ARGV[3], ',' .. pepper .. ',', 1, true) then
    retired = retired or number
  end
end
local number = free or retired
if not number then return -1 end
redis.call('HSET', KEYS[1], number, cjson.encode({ memoryKib = tonumber(ARGV[1]), pepper = tonumber(ARGV[2]) }))
return number
