#!lua flags=allow-oom
-- Erases what one verification says of its destination, and ends it when it is open.
-- KEYS  1 verification   2 destination   3 events   4 due
-- ARGV  1 now   2 id
-- Returns 1, or 0 when Redis does not have it any more
-- include "./prelude.lua"
local verification, destination, events, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id = ARGV[2]

if not erase_verification(events, due, verification, id, tonumber(ARGV[1])) then return 0 end
-- One that was opened after it keeps its pointer.
local pointer = 'o' .. redis.call('HGET', verification, 'b')
if redis.call('HGET', destination, pointer) == id then redis.call('HDEL', destination, pointer) end
return 1
