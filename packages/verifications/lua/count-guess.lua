#!lua flags=allow-oom
-- Counts a guess towards an address beside the primary one of its verification, in that address' own shard and before the guess
-- is judged: as a wrong check, so that guesses that race cannot exceed the lock. Once it is known not to be one, uncount-guess
-- gives it back. A caller that dies in between leaves it counted.
-- KEYS  1 destination
-- ARGV  1 now   2 deadline   3 free wrong checks
-- Returns JSON: {result: counted} | {result: checks_locked, retry_ms} | {result: late}
-- include "./prelude.lua"
-- include "./streak.lua"
local destination, now = KEYS[1], tonumber(ARGV[1])

if is_late(ARGV[2]) then return '{"result":"late"}' end
local refusal = refuse_check(destination, now)
if refusal then return refusal end
count_wrong_check(destination, now, tonumber(ARGV[3]))
return '{"result":"counted"}'
