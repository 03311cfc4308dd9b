#!lua flags=allow-oom
-- Spends the approval token of a verification, once. The mark lives as long as the verification, hence longer than the token.
-- KEYS  1 verification   2 operation   3 events
-- ARGV  1 now   2 deadline   3 id   4 project   5 mode   6 '1' when the token has expired   7 '1' when KEYS[2] is a real operation
-- Returns JSON: {result: consumed or consumed_before or invalid} | {result: late}
-- include "./prelude.lua"
local verification, operation, events = KEYS[1], KEYS[2], KEYS[3]

if is_late(ARGV[2]) then return '{"result":"late"}' end
if ARGV[7] == '' then operation = '' end
local is_approved = redis.call('HGET', verification, 's') == 'approved'
if not is_approved or not is_owned(verification, ARGV[4], ARGV[5]) then return '{"result":"invalid"}' end
-- Before the expiry is looked at: who repeats the call that spent it is told so, however late.
local known = recall(operation)
if known then return known end

if ARGV[6] == '1' then return '{"result":"invalid"}' end
if redis.call('HSETNX', verification, 'z', '1') == 0 then return '{"result":"consumed_before"}' end
emit(events, verification, ARGV[3], 'token.consumed', tonumber(ARGV[1]), {})
return remember(operation, { result = 'consumed' })
