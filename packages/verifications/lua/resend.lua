-- Sends another code for an open verification: one more send, the same count of checks.
-- KEYS  1 verification   2 destination   3 operation   4 events   5 due
-- ARGV  1 now   2 deadline   3 id   4 project   5 mode   6 sends max   7 sends window   8 pacing   9 plan, or '' for the one that it
--       has   10 code digest   11 sealed code   12 '1' when KEYS[3] is a real operation   13 ids of the seal keys whose values are
--       not lost, a byte each; empty when the pepper of its codes has been retired. What was lost can be neither sent nor
--       verified: it ends   14 kinds of address that the plan needs   15 '1' when its other addresses have been reserved
-- Returns {JSON, sealed addresses or '', binding digest or ''}; JSON: {result: opened, …} as open has it
--       | {result: reserve, plan, purpose, ttl_ms, retention_ms}: nothing is done yet, other addresses come first
--       | {result: not_found} | {result: not_pending, status} | {result: resend_too_soon or max_sends, retry_ms}
--       | {result: no_address} | {result: late}
-- include "./prelude.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
-- include "./pacing.lua"
local verification, destination, operation, events, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, id = tonumber(ARGV[1]), ARGV[3]
local sends_max, window = tonumber(ARGV[6]), tonumber(ARGV[7])

-- Adds a send: one code over a plan's channels, or over its first step's. Whatever workflow ran is replaced,
-- and codes older than the last `g` sends stop being valid. Returns the ordinal of its first delivery and the channels of all.
local function add_send(expires, plan, digest, sealed_code)
  local fields = redis.call('HMGET', verification, 'n', 'N', 'g', 'w')
  local last = tonumber(fields[1])
  local send = tonumber(fields[2] or last) + 1
  if fields[4] then stop_workflow(due, verification, id, last) end
  redis.call('HSET', verification, 'x', expires, 'x' .. send, expires, 'h' .. send, digest, 'c' .. send, sealed_code)
  local superseded = send - tonumber(fields[3])
  if superseded > 0 then redis.call('HDEL', verification, 'h' .. superseded) end

  local steps, in_turn = read_plan(plan)
  if in_turn then
    redis.call('HSET', verification, 'w', 1)
    watch_step(due, id, last + 1, steps, 1, now)
  end
  local channels = {}
  for step = 1, in_turn and 1 or #steps do
    channels[step] = steps[step].channel
    queue_delivery(events, due, verification, id, last + step, send, channels[step], now, now + ENQUEUE_CHECK_MS)
  end
  redis.call('ZADD', due, expires + 1, expiry_due(id))
  conclude_send(events, verification, id, send - 1, now, read_progress(verification))
  return last + 1, channels
end

if is_late(ARGV[2]) then return { '{"result":"late"}', '', '' } end
if ARGV[12] == '' then operation = '' end
if not is_owned(verification, ARGV[4], ARGV[5]) then return { '{"result":"not_found"}', '', '' } end
local fields = redis.call('HMGET', verification, 't', 's', 'A', 'W', 'b', 'u', 'T', 'R')
local sealed_addresses, status, kinds = fields[1] or '', fields[2], fields[3] or 'p'
local ttl, retention = tonumber(fields[7]), tonumber(fields[8])
local known = recall(operation)
if known then return { known, sealed_addresses, '' } end

-- One that was erased has ended before.
local is_lost = not string.find(ARGV[13], string.sub(sealed_addresses, 1, 1), 1, true)
if status == 'pending' and (is_lost or now > number_of(verification, 'x')) then
  end_verification(events, due, verification, id, now, 'expired')
  status = 'expired'
end
if status ~= 'pending' then return { cjson.encode({ result = 'not_pending', status = status }), '', '' } end
for needed in string.gmatch(ARGV[14], '.') do
  if not string.find(kinds, needed, 1, true) then return { '{"result":"no_address"}', '', '' } end
end

local paced = redis.call('HMGET', destination, 'w', 'r', 'l')
local sends = read_sends(paced[1], now, window)
local refusal = refuse_send(paced[2], now, sends, sends_max, window)
if refusal then return { cjson.encode(refusal), '', '' } end

local plan = ARGV[9]
if plan == '' then plan = fields[4] or channel_of(verification, 1) end
if #kinds > 1 and ARGV[15] == '' then
  local reserve = { result = 'reserve', plan = plan, purpose = fields[6], ttl_ms = ttl, retention_ms = retention }
  return { cjson.encode(reserve), sealed_addresses, fields[5] }
end

local resend_at = record_send(destination, now, sends, ARGV[8])
keep_destination(destination, paced[3], math.max(window, ttl + retention))
redis.call('PEXPIRE', verification, ttl + retention + OVERDUE_MS)
-- Of several channels a later step, and a resend that names none, go by the plan that was asked for last.
if string.find(plan, '[+,]') then redis.call('HSET', verification, 'W', plan) end
local first, channels = add_send(now + ttl, plan, ARGV[10], ARGV[11])
return { remember(operation, {
  result = 'opened', id = id, delivery = first, channels = channels, expires_at = now + ttl, resend_at = resend_at,
  sends_remaining = sends_max - #sends, checks_remaining = number_of(verification, 'c'),
}), sealed_addresses, '' }
