#!lua flags=allow-oom
-- Ends an open verification because its caller says so. Pacing and the count of sends stay as they are.
-- KEYS  1 verification   2 operation   3 events   4 due
-- ARGV  1 now   2 deadline   3 id   4 project   5 mode   6 '1' when KEYS[2] is a real operation
-- Returns JSON: {result: canceled} | {result: not_pending, status} | {result: not_found} | {result: late}
-- include "./prelude.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
local verification, operation, events, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local now, id = tonumber(ARGV[1]), ARGV[3]

if is_late(ARGV[2]) then return '{"result":"late"}' end
if ARGV[6] == '' then operation = '' end
if not is_owned(verification, ARGV[4], ARGV[5]) then return '{"result":"not_found"}' end
local known = recall(operation)
if known then return known end

local status = redis.call('HGET', verification, 's')
if status == 'pending' and now > number_of(verification, 'x') then
  end_verification(events, due, verification, id, now, 'expired')
  status = 'expired'
end
if status ~= 'pending' then return cjson.encode({ result = 'not_pending', status = status }) end
end_verification(events, due, verification, id, now, 'canceled')
return remember(operation, { result = 'canceled' })
