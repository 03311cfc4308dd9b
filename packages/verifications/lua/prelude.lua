-- Shared by every script of the state machine. All keys of one call carry one hash tag: a destination's shard.
--
-- Verification (hash `ww:{NN}:v:<id>`; short names and values of at most 64 bytes keep it a listpack)
--   p project   m mode   u purpose   C country   s status   b binding digest   c checks left   g how many of the last codes
--   stay valid   n deliveries   q last event seq   f, l first and last event id   o opened   x expires   e ended
--   T code TTL   R retention   t sealed destination   k sealed context (locale, client, metadata); both gone once erased
--   U undeliverable   z approval token consumed
--   per delivery i:  s<i> status   x<i> code expires   h<i> code digest   c<i> sealed code   a<i> attempts   r<i> provider calls
--     y<i> lease of the attempt that is not settled yet ends   w<i> receipts: the highest of each attempt, a digit each
--     j<i> the attempt that it was accepted by, when that is not the latest
-- Destination (hash `ww:{NN}:d:<handle>`)
--   w send times in the window (6 bytes each)   r resend allowed at   k wrong checks in a row   l locked until
--   o<binding digest> the latest verification opened under that binding
-- Times are milliseconds since the epoch; `now` is the caller's injected clock.

local STREAK_KEPT_MS = 30 * 24 * 3600 * 1000
local OPERATION_KEPT_MS = 24 * 3600 * 1000
local ENQUEUE_CHECK_MS = 2000
-- However short the retention: a due set that is behind must still find what it ends.
local OVERDUE_MS = 600 * 1000
local LOCKED_FOR_GOOD = '9007199254740991'
-- What receipts say, in rising order; the first two only prove that the provider took the message.
local RECEIPTS = { accepted = 1, sent = 2, undelivered = 3, delivered = 4, read = 5 }
local TAKEN = { accepted = true, undelivered = true, delivered = true, read = true }

local function server_now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- A request that timed out must not act later: past its deadline on Redis' own clock the script does nothing.
local function is_late(deadline)
  return server_now() > tonumber(deadline)
end

local function number_of(key, field)
  return tonumber(redis.call('HGET', key, field) or '0') or 0
end

-- Another project's verification, and one of the other mode, is as if it were not there.
local function is_owned(verification, project, mode)
  local owner = redis.call('HMGET', verification, 'p', 'm')
  return owner[1] == project and owner[2] == mode
end

-- Appends one fact to the shard's stream, in the same step as the change that makes it true: v verification, q seq, t type,
-- a at, d JSON, and what else `...` names. Nothing is trimmed here: a recorder does it behind its cursor.
-- Returns the entry's position; who calls this itself keeps `q`, `f` and `l`.
local function append(events, id, seq, type, now, data, ...)
  local body = '{}'
  if next(data) ~= nil then body = cjson.encode(data) end
  return redis.call('XADD', events, '*', 'v', id, 'q', seq, 't', type, 'a', now, 'd', body, ...)
end

local function emit(events, verification, id, type, now, data)
  local seq = redis.call('HINCRBY', verification, 'q', 1)
  redis.call('HSET', verification, 'l', append(events, id, seq, type, now, data))
end

local function delivery_id(id, ordinal)
  return 'del_' .. id .. '-' .. ordinal
end

local function delivery_due(id, ordinal)
  return 'd:' .. id .. ':' .. ordinal
end

local function expiry_due(id)
  return 'x:' .. id
end

-- `undeliverable` is about the last message: an earlier one that did not get through says nothing of it.
local function put_delivery(verification, ordinal, status)
  redis.call('HSET', verification, 's' .. ordinal, status)
  if status == 'accepted' or status == 'delivered' or status == 'read' then
    redis.call('HDEL', verification, 'U')
  elseif status ~= 'unknown' and status ~= 'skipped' and tonumber(ordinal) == number_of(verification, 'n') then
    redis.call('HSET', verification, 'U', '1')
  end
end

local function end_delivery(events, due, verification, id, ordinal, now, status)
  put_delivery(verification, ordinal, status)
  redis.call('HDEL', verification, 'c' .. ordinal, 'y' .. ordinal)
  redis.call('ZREM', due, delivery_due(id, ordinal))
  emit(events, verification, id, 'delivery.ended', now, { delivery = delivery_id(id, ordinal), status = status })
end

-- Joins the receipts that came before this: how the delivery ends, or nil. Proof that a provider took the message, with
-- whichever attempt, ends it, since sending it again would double it; `ending` (or nil) is how it would end without.
local function join_receipts(verification, ordinal, ending)
  local seen = redis.call('HGET', verification, 'w' .. ordinal) or ''
  local best, taken_by = 0, nil
  for attempt = 1, #seen do
    local receipt = tonumber(string.sub(seen, attempt, attempt))
    if receipt > 0 and receipt ~= RECEIPTS.undelivered and receipt >= best then best, taken_by = receipt, attempt end
  end
  if best == RECEIPTS.read then return 'read' end
  if best == RECEIPTS.delivered then return 'delivered' end
  local latest = number_of(verification, 'a' .. ordinal)
  local undelivered = string.sub(seen, latest, latest) == tostring(RECEIPTS.undelivered)
  if taken_by and (undelivered or ending ~= 'accepted') then
    redis.call('HSET', verification, 'j' .. ordinal, taken_by)
    return 'accepted'
  end
  if undelivered and (ending == 'accepted' or ending == 'unknown') then return 'undelivered' end
  return ending
end

-- The attempt whose lease has ended: its worker died or lost Redis for that long, so nobody knows what the provider did,
-- unless a receipt has told. Returns whether that ended the delivery; else it is to be sent again.
local function end_lease(events, due, verification, id, ordinal, now)
  redis.call('HSET', verification, 's' .. ordinal, 'queued')
  emit(events, verification, id, 'attempt.settled', now, {
    delivery = delivery_id(id, ordinal), attempt = number_of(verification, 'a' .. ordinal), outcome = 'unknown',
    provider_code = 'lease_ended',
  })
  local ended = join_receipts(verification, ordinal, nil)
  if ended then end_delivery(events, due, verification, id, ordinal, now, ended) end
  return ended ~= nil
end

-- How a delivery ends that was not sent before its verification ended like this.
local function unsent(verification_status)
  return verification_status == 'expired' and 'expired_unsent' or 'skipped'
end

-- Ends a verification: its digests and sealed codes are erased, what still waits to be sent is skipped.
local function end_verification(events, due, verification, id, now, status)
  local fields = redis.call('HMGET', verification, 'n', 'R')
  for ordinal = 1, tonumber(fields[1]) do
    if redis.call('HGET', verification, 's' .. ordinal) == 'queued' then
      end_delivery(events, due, verification, id, ordinal, now, unsent(status))
    end
    redis.call('HDEL', verification, 'h' .. ordinal, 'c' .. ordinal)
  end
  redis.call('HSET', verification, 's', status, 'e', now)
  redis.call('ZREM', due, expiry_due(id))
  emit(events, verification, id, 'verification.' .. status, now, {})
  redis.call('PEXPIRE', verification, fields[2])
end

-- Ends a verification that is open, and erases what says whose it was. Its state stays readable, and doing it twice is nothing.
-- Returns whether Redis has it.
local function erase_verification(events, due, verification, id, now)
  local status = redis.call('HGET', verification, 's')
  if not status then return false end
  if status == 'pending' then
    local is_over = now > number_of(verification, 'x')
    end_verification(events, due, verification, id, now, is_over and 'expired' or 'canceled')
  end
  redis.call('HDEL', verification, 't', 'k')
  return true
end

-- Never shortens: a streak outlives the verification that it was made on, and one locked for good stays.
local function keep_destination(destination, locked_until, ms)
  if locked_until == LOCKED_FOR_GOOD then return end
  if redis.call('PTTL', destination) < ms then redis.call('PEXPIRE', destination, ms) end
end

-- What an operation answered, kept beside the state it changed, so that a repeat gets the same answer.
local function remember(operation, outcome)
  local text = cjson.encode(outcome)
  if operation ~= '' then redis.call('SET', operation, text, 'PX', OPERATION_KEPT_MS) end
  return text
end

local function recall(operation)
  return operation ~= '' and redis.call('GET', operation)
end
