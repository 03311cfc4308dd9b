#!lua flags=allow-oom
-- Records what a provider said later of an attempt. Statuses only rise: a receipt that says no more than an earlier one of
-- its attempt is a replay or out of order, and changes nothing. One that comes before its attempt was settled is parked
-- in the hash; settle, or whoever finds the lease ended, joins it.
-- KEYS  1 verification   2 events   3 due
-- ARGV  1 now   2 id   3 delivery ordinal   4 attempt   5 mode of the account that signed it   6 status, one of RECEIPT_STATUSES
--       7 provider   8 the provider's own error code, or ''
-- Returns applied | parked | duplicate | late | unmatched: its verification is forgotten, or never had this attempt
--       | forged: an account of the other mode signed it
-- include "./prelude.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
-- Statuses of a delivery that a provider is known to have taken.
local TAKEN = { accepted = true, undelivered = true, delivered = true, read = true }
local verification, events, due = KEYS[1], KEYS[2], KEYS[3]
local now, id, ordinal, attempt, status = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[6]

local fields = redis.call('HMGET', verification, 'm', 's' .. ordinal, 'a' .. ordinal, 'w' .. ordinal)
local mode, delivery, latest, seen = fields[1], fields[2], tonumber(fields[3] or '0'), fields[4] or ''
if not mode then return 'unmatched' end
-- Anyone may know the sandbox's token, so what it signed must not touch a live verification; nor the other way round.
if mode ~= ARGV[5] then return 'forged' end
if not delivery or attempt > latest then return 'unmatched' end

local receipt = RECEIPTS[status]
seen = seen .. string.rep('0', attempt - #seen)
local highest = tonumber(string.sub(seen, attempt, attempt))
if receipt == highest then return 'duplicate' end
if receipt < highest then return 'late' end
redis.call('HSET', verification, 'w' .. ordinal, string.sub(seen, 1, attempt - 1) .. receipt .. string.sub(seen, attempt + 1))

-- An attempt that a receipt proves taken, and not that it failed; nil when there is none.
local function taken_by_other(this)
  for one = 1, #seen do
    local word = tonumber(string.sub(seen, one, one))
    if one ~= this and (word == RECEIPTS.accepted or word == RECEIPTS.sent) then return one end
  end
end

-- What the delivery becomes, or nil. `delivered` wins with whichever attempt; `undelivered` tells only of the attempt that
-- the delivery rests on; the others tell that a provider took what was thought unsent, lost or refused.
local function moved()
  if delivery == 'sending' then return nil end
  if receipt > RECEIPTS.undelivered then
    return receipt > (RECEIPTS[delivery] or 0) and status or nil
  end
  if status == 'undelivered' then
    local rests_on = tonumber(redis.call('HGET', verification, 'j' .. ordinal) or latest)
    if (delivery ~= 'accepted' and delivery ~= 'unknown') or attempt ~= rests_on then return nil end
    -- Another attempt that a provider took may still arrive: the delivery rests on that one now.
    local other = taken_by_other(attempt)
    if other then redis.call('HSET', verification, 'j' .. ordinal, other) end
    return not other and status or nil
  end
  return not TAKEN[delivery] and 'accepted' or nil
end

local becomes = moved()
local data = { delivery = delivery_id(id, ordinal), attempt = attempt, provider = ARGV[7], status = status }
if ARGV[8] ~= '' then data.provider_code = ARGV[8] end
data.delivery_status = becomes
emit(events, verification, id, 'receipt.received', now, data)
if becomes == 'accepted' then redis.call('HSET', verification, 'j' .. ordinal, attempt) end
if becomes and delivery == 'queued' then
  end_delivery(events, due, verification, id, ordinal, now, becomes)
elseif becomes then
  redis.call('HSET', verification, 's' .. ordinal, becomes)
  follow_delivery(events, due, verification, id, ordinal, now, becomes)
end
return delivery == 'sending' and 'parked' or 'applied'
