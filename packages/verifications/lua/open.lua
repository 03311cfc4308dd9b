-- Opens a verification with its first code and deliveries. Committing this is the acceptance: the due set follows it up.
-- KEYS  1 verification   2 destination   3 operation   4 events   5 due
-- ARGV  1 now   2 deadline   3 id   4 key prefix of verifications   5 project   6 mode   7 purpose   8 binding digest
--       9 sealed addresses   10 sealed context   11 checks max   12 sends whose codes are valid at once   13 code TTL   14 retention
--       15 sends max   16 sends window   17 pacing, seconds by commas   18 plan   19 code digest   20 sealed code   21 country
--       22 '1' when KEYS[3] is a real operation   23 kinds of the addresses, the primary first   24 '1' to wait on unknown outcomes
--       25 id of the open verification that this one takes the place of, since it has other addresses; or ''
-- Returns one JSON: {result: opened, id, delivery (the first), channels, expires_at, resend_at, sends_remaining, checks_remaining}
--       | {result: exists, id} | {result: resend_too_soon or max_sends, retry_ms} | {result: late}
-- include "./prelude.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
-- include "./pacing.lua"
local verification, destination, operation, events, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, id, prefix, binding = tonumber(ARGV[1]), ARGV[3], ARGV[4], ARGV[8]
local ttl, retention = tonumber(ARGV[13]), tonumber(ARGV[14])
local sends_max, window = tonumber(ARGV[15]), tonumber(ARGV[16])

if is_late(ARGV[2]) then return '{"result":"late"}' end
if ARGV[22] == '' then operation = '' end
local known = recall(operation)
if known then return known end

-- Only the caller's own: one that resend does not find must not stand in the way of another open for ever.
local function is_open(other)
  local known = redis.call('HMGET', prefix .. other, 's', 'x', 'p', 'm')
  return known[1] == 'pending' and now <= tonumber(known[2]) and known[3] == ARGV[5] and known[4] == ARGV[6]
end

local pointer = 'o' .. binding
local paced = redis.call('HMGET', destination, pointer, 'w', 'r', 'l')
local open_id, locked_until = paced[1], paced[4]
local replaced = open_id and is_open(open_id) and open_id or nil
if replaced and replaced ~= ARGV[25] then return cjson.encode({ result = 'exists', id = replaced }) end

local sends = read_sends(paced[2], now, window)
local refusal = refuse_send(paced[3], now, sends, sends_max, window)
if refusal then return cjson.encode(refusal) end
if replaced then end_verification(events, due, prefix .. replaced, replaced, now, 'canceled') end

-- Pointers of other bindings that have ended would pile up. Who has one has sent before.
if paced[2] then drop_pointers(destination, now, is_open) end

local expires = now + ttl
local resend_at = record_send(destination, now, sends, ARGV[17], pointer, id)
keep_destination(destination, locked_until, math.max(window, ttl + retention))

-- What the records need of a verification stands in its first event; s and k, the sealed addresses and context, are no
-- part of the timeline.
local first = append(events, id, 1, 'verification.opened', now, {
  project = ARGV[5], mode = ARGV[6], purpose = ARGV[7], country = ARGV[21], checks_max = tonumber(ARGV[11]), code_ttl_ms = ttl,
}, 's', ARGV[9], 'k', ARGV[10])
local steps, in_turn = read_plan(ARGV[18])
local deliveries = in_turn and 1 or #steps
local fields = { 'p', ARGV[5], 'm', ARGV[6], 'u', ARGV[7], 's', 'pending', 'b', binding, 't', ARGV[9], 'C', ARGV[21],
  'c', ARGV[11], 'g', ARGV[12], 'T', ttl, 'R', retention, 'o', now, 'x', expires, 'x1', expires, 'h1', ARGV[19], 'c1', ARGV[20],
  'n', deliveries, 'q', 1 + deliveries, 'f', first }
local function set(field, value)
  fields[#fields + 1] = field
  fields[#fields + 1] = value
end

local channels, followed_up, last = {}, { expires + 1, expiry_due(id) }, nil
for ordinal = 1, deliveries do
  local channel = steps[ordinal].channel
  channels[ordinal] = channel
  last = append(events, id, ordinal + 1, 'delivery.queued', now,
    { delivery = delivery_id(id, ordinal), channel = channel, send = 1 })
  set('s' .. ordinal, 'queued')
  if channel ~= 'sms' then set('v' .. ordinal, channel) end
  if ordinal > 1 then set('d' .. ordinal, 1) end
  followed_up[#followed_up + 1] = now + ENQUEUE_CHECK_MS
  followed_up[#followed_up + 1] = delivery_due(id, ordinal)
end
set('l', last)
if deliveries > 1 then set('N', 1) end
if #steps > 1 then set('W', ARGV[18]) end
if in_turn then set('w', 1) end
if ARGV[10] ~= '' then set('k', ARGV[10]) end
if ARGV[23] ~= 'p' then set('A', ARGV[23]) end
if ARGV[24] == '1' then set('K', '1') end
-- All in one call each: on the way of every send, each call of Redis counts.
redis.call('HSET', verification, unpack(fields))
redis.call('ZADD', due, unpack(followed_up))
if in_turn then watch_step(due, id, 1, steps, 1, now) end
redis.call('PEXPIRE', verification, ttl + retention + OVERDUE_MS)
return remember(operation, {
  result = 'opened', id = id, delivery = 1, channels = channels, expires_at = expires, resend_at = resend_at,
  sends_remaining = sends_max - #sends, checks_remaining = tonumber(ARGV[11]),
})
