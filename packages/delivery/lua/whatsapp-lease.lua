-- Who holds the one socket of a WhatsApp Web session: WhatsApp closes the older of two (440). A lease, so that a dead worker's
-- frees itself; taking what one has prolongs it.
-- KEYS  1 owner (string `ww:{w:<account's reference>}:owner`)
-- ARGV  1 who asks   2 lease, ms; 0 = give it back
-- Returns 1 when it is theirs, else 0
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
if tonumber(ARGV[2]) == 0 then
  redis.call('DEL', KEYS[1])
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
