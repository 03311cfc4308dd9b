-- Sends another code for an open verification: one more delivery, the same count of checks.
-- KEYS  1 verification   2 destination   3 operation   4 events   5 due
-- ARGV  1 now   2 deadline   3 id   4 project   5 mode   6 sends max   7 sends window   8 pacing   9 channel   10 code digest
--       11 sealed code   12 '1' when KEYS[3] is a real operation   13 ids of the seal keys whose values are not lost, a byte
--       each; empty when the pepper of its codes has been retired. What was lost can be neither sent nor verified: it ends
-- Returns {JSON, sealed destination or ''}; JSON: {result: opened, …} as open has it
--       | {result: not_found} | {result: not_pending, status} | {result: resend_too_soon or max_sends, retry_ms} | {result: late}
-- include "./prelude.lua"
-- include "./sends.lua"
local verification, destination, operation, events, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, id = tonumber(ARGV[1]), ARGV[3]
local sends_max, window = tonumber(ARGV[6]), tonumber(ARGV[7])

if is_late(ARGV[2]) then return { '{"result":"late"}', '' } end
if ARGV[12] == '' then operation = '' end
if not is_owned(verification, ARGV[4], ARGV[5]) then return { '{"result":"not_found"}', '' } end
local sealed_destination = redis.call('HGET', verification, 't') or ''
local known = recall(operation)
if known then return { known, sealed_destination } end

local status = redis.call('HGET', verification, 's')
-- One that was erased has ended before.
local is_lost = not string.find(ARGV[13], string.sub(sealed_destination, 1, 1), 1, true)
if status == 'pending' and (is_lost or now > number_of(verification, 'x')) then
  end_verification(events, due, verification, id, now, 'expired')
  status = 'expired'
end
if status ~= 'pending' then return { cjson.encode({ result = 'not_pending', status = status }), '' } end

local paced = redis.call('HMGET', destination, 'w', 'r', 'l')
local sends = read_sends(paced[1], now, window)
local refusal = refuse_send(paced[2], now, sends, sends_max, window)
if refusal then return { cjson.encode(refusal), '' } end

local ttl, retention = number_of(verification, 'T'), number_of(verification, 'R')
local ordinal = number_of(verification, 'n') + 1
local resend_at = record_send(destination, now, sends, ARGV[8])
keep_destination(destination, paced[3], math.max(window, ttl + retention))
redis.call('PEXPIRE', verification, ttl + retention + OVERDUE_MS)
add_delivery(events, due, verification, id, ordinal, now, now + ttl, ARGV[9], ARGV[10], ARGV[11])
return { remember(operation, {
  result = 'opened', id = id, delivery = ordinal, expires_at = now + ttl, resend_at = resend_at,
  sends_remaining = sends_max - #sends, checks_remaining = number_of(verification, 'c'),
}), sealed_destination }
