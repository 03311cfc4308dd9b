-- Counts a send towards an address that is not the primary one of its verification, in that address' own shard and before the
-- primary's: whoever is sent to is paced by it. Also lets a check by this address find the verification, and so ends the open one
-- that this address had of its own: its code would be judged against the other. When the send itself is refused afterwards the
-- reservation stays, which errs on the quiet side.
-- KEYS  1 destination   2 operation   3 events   4 due
-- ARGV  1 now   2 deadline   3 id of the verification   4 binding digest   5 sends max   6 sends window   7 pacing, seconds by commas
--       8 code TTL   9 retention   10 '1' when KEYS[2] is a real operation   11 key prefix of verifications   12 project   13 mode
-- Returns JSON: {result: reserved, id}, the id that an earlier call of the operation reserved for
--       | {result: resend_too_soon or max_sends, retry_ms} | {result: late}
-- include "./prelude.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
-- include "./pacing.lua"
local destination, operation, events, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local now, id = tonumber(ARGV[1]), ARGV[3]
local sends_max, window, ttl, retention = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[8]), tonumber(ARGV[9])

if is_late(ARGV[2]) then return '{"result":"late"}' end
if ARGV[10] == '' then operation = '' end
local known = recall(operation)
if known then return known end

local pointer = 'o' .. ARGV[4]
local paced = redis.call('HMGET', destination, 'w', 'r', 'l', pointer)
local sends = read_sends(paced[1], now, window)
local refusal = refuse_send(paced[2], now, sends, sends_max, window)
if refusal then return cjson.encode(refusal) end

-- One of another primary address is of another shard, and its pointer has a time behind its id.
local own = paced[4]
local replaced = own and ARGV[11] .. own
if replaced and is_owned(replaced, ARGV[12], ARGV[13]) and redis.call('HGET', replaced, 's') == 'pending' then
  local is_over = now > number_of(replaced, 'x')
  end_verification(events, due, replaced, own, now, is_over and 'expired' or 'canceled')
end
-- Those under other bindings are left to their own open.
drop_pointers(destination, now, function() return true end)
local until_ms = string.format('%d', now + ttl + retention)
record_send(destination, now, sends, ARGV[7], pointer, id .. ':' .. until_ms)
keep_destination(destination, paced[3], math.max(window, ttl + retention))
return remember(operation, { result = 'reserved', id = id })
