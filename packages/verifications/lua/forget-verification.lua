#!lua flags=allow-oom
-- Erases what one verification says of its addresses, and ends it when it is open. For an erasure by an address of another shard
-- its entry is appended here, too, behind all that this shard's stream says of the verification.
-- KEYS  1 verification   2 destination   3 events   4 due
-- ARGV  1 now   2 id   3 id of the erasure, or ''   4 JSON of its entry's data   5 destination, sealed for the erasure
-- Returns 1, or 0 when Redis does not have it any more
-- include "./prelude.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
local verification, destination, events, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id = ARGV[2]

local is_held = erase_verification(events, due, verification, id, tonumber(ARGV[1]))
if ARGV[3] ~= '' then append(events, ARGV[3], 1, 'destination.erased', ARGV[1], ARGV[4], 's', ARGV[5]) end
if not is_held then return 0 end
-- One that was opened after it keeps its pointer.
local pointer = 'o' .. redis.call('HGET', verification, 'b')
if redis.call('HGET', destination, pointer) == id then redis.call('HDEL', destination, pointer) end
return 1
