-- How deliveries and verifications end, and what follows from it.

-- What receipts say, in rising order; the first two only prove that the provider took the message.
local RECEIPTS = { accepted = 1, sent = 2, undelivered = 3, delivered = 4, read = 5 }
local LOST = { failed = true, undelivered = true, expired_unsent = true }
local ARRIVED = { delivered = true, read = true }

-- How far a verification has come: `last` is the ordinal of its newest delivery, `step` the workflow step that runs or false,
-- `is_shared` tells that some sends have several deliveries. Read once, since on the way of every message each call counts.
local function read_progress(verification)
  local fields = redis.call('HMGET', verification, 'n', 'w', 'N', 's', 'K', 'U')
  return {
    last = tonumber(fields[1]), step = fields[2], is_shared = fields[3], status = fields[4], waits = fields[5] == '1',
    is_undeliverable = fields[6],
  }
end

-- The deliveries of a send: whether one of them is still to be sent, whether all are lost, and their channels by commas.
-- Deliveries stand in the order of their sends.
local function read_send(verification, send, progress)
  local waits, is_lost, channels = false, true, {}
  for ordinal = progress.is_shared and progress.last or send, 1, -1 do
    local fields = redis.call('HMGET', verification, 's' .. ordinal, 'v' .. ordinal, 'd' .. ordinal)
    local of = tonumber(fields[3] or ordinal)
    if of < send then break end
    if of == send then
      waits = waits or fields[1] == 'queued' or fields[1] == 'sending'
      is_lost = is_lost and LOST[fields[1]]
      table.insert(channels, 1, fields[2] or 'sms')
    end
  end
  return waits, is_lost, table.concat(channels, ',')
end

-- Erases a send's sealed code once nothing will send it any more, and calls the verification undeliverable once all of its
-- last send is lost. An earlier send that did not get through says nothing of it; nor does what is lost once the verification
-- has ended, unless that ended because no code of it came in time.
-- `status` is what its last delivery to end has ended as, when that is known: of a send of one delivery that says it all.
local function conclude_send(events, verification, id, send, now, progress, status)
  local is_latest = send == (progress.is_shared and send_of(verification, progress.last) or progress.last)
  -- A later step sends it, too.
  if is_latest and progress.step and has_step_after(verification, progress.last, tonumber(progress.step)) then return end
  local waits, is_lost, channels = false, LOST[status], nil
  if progress.is_shared or not status then waits, is_lost, channels = read_send(verification, send, progress) end
  if not waits then redis.call('HDEL', verification, 'c' .. send) end
  if is_lost and is_latest and (progress.status == 'pending' or progress.status == 'expired') then
    emit(events, verification, id, 'verification.undeliverable', now, { channels = channels or channel_of(verification, send) },
      'U', '1')
  end
end

-- A message has arrived, or was taken by a provider that says no more: no further step begins, and what the other steps were
-- about to send is not sent, since it says the same once more. One that a provider is just being asked to send learns it from
-- the code, which is gone.
local function finish_workflow(events, due, verification, id, send, now, last)
  stop_workflow(due, verification, id, last)
  redis.call('HDEL', verification, 'c' .. send)
  for ordinal = last, 1, -1 do
    if send_of(verification, ordinal) ~= send then break end
    if redis.call('HGET', verification, 's' .. ordinal) == 'queued' then
      redis.call('ZREM', due, delivery_due(id, ordinal))
      emit(events, verification, id, 'delivery.ended', now, { delivery = delivery_id(id, ordinal), status = 'skipped' },
        's' .. ordinal, 'skipped')
    end
  end
end

-- Does what follows from a delivery's new status for its workflow, the sealed code and the verification. `is_final`: the provider
-- has said its last word. `was_unsent`: the delivery has ended by this.
local function follow_delivery(events, due, verification, id, ordinal, now, status, is_final, was_unsent)
  local progress = read_progress(verification)
  if progress.is_undeliverable and (status == 'accepted' or ARRIVED[status]) then redis.call('HDEL', verification, 'U') end
  local was_running = progress.step
  local send = progress.is_shared and send_of(verification, ordinal) or ordinal
  -- A message of an earlier send says nothing of the code that this workflow sends.
  if was_running and (ARRIVED[status] or is_final) and send == send_of(verification, progress.last) then
    finish_workflow(events, due, verification, id, send, now, progress.last)
    progress.step = false
  elseif was_running and ordinal == progress.last and (LOST[status] or (status == 'unknown' and not progress.waits)) then
    progress.step = begin_next_step(events, due, verification, id, now, 'failed', now)
    -- Its deliveries share the code from now on.
    if progress.step then return end
  end
  if not was_unsent and not was_running and not LOST[status] then return end
  conclude_send(events, verification, id, send, now, progress, status)
end

local function end_delivery(events, due, verification, id, ordinal, now, status, is_final)
  redis.call('HDEL', verification, 'y' .. ordinal)
  redis.call('ZREM', due, delivery_due(id, ordinal))
  emit(events, verification, id, 'delivery.ended', now, { delivery = delivery_id(id, ordinal), status = status },
    's' .. ordinal, status)
  follow_delivery(events, due, verification, id, ordinal, now, status, is_final, true)
end

-- Joins the receipts that came before this: how the delivery ends, or nil. Proof that a provider took the message, with
-- whichever attempt, ends it, since sending it again would double it; `ending` (or nil) is how it would end without.
local function join_receipts(verification, ordinal, ending)
  local fields = redis.call('HMGET', verification, 'w' .. ordinal, 'a' .. ordinal)
  local seen, latest = fields[1] or '', tonumber(fields[2] or '0')
  local best, taken_by = 0, nil
  for attempt = 1, #seen do
    local receipt = tonumber(string.sub(seen, attempt, attempt))
    if receipt > 0 and receipt ~= RECEIPTS.undelivered and receipt >= best then best, taken_by = receipt, attempt end
  end
  if best == RECEIPTS.read then return 'read' end
  if best == RECEIPTS.delivered then return 'delivered' end
  local undelivered = string.sub(seen, latest, latest) == tostring(RECEIPTS.undelivered)
  if taken_by and (undelivered or ending ~= 'accepted') then
    redis.call('HSET', verification, 'j' .. ordinal, taken_by)
    return 'accepted'
  end
  if undelivered and (ending == 'accepted' or ending == 'unknown') then return 'undelivered' end
  return ending
end

-- The attempt whose lease has ended: its worker died or lost Redis for that long, so nobody knows what the provider did,
-- unless a receipt has told. Returns whether that ended the delivery; else it is to be sent again, which a policy that waits on
-- unknown outcomes does not want, nor whose verification has ended.
local function end_lease(events, due, verification, id, ordinal, now)
  local fields = redis.call('HMGET', verification, 'K', 's', 'a' .. ordinal)
  local is_repeated = fields[1] ~= '1' and fields[2] == 'pending'
  emit(events, verification, id, 'attempt.settled', now, {
    delivery = delivery_id(id, ordinal), attempt = tonumber(fields[3]), outcome = 'unknown', provider_code = 'lease_ended',
  }, 's' .. ordinal, 'queued', 'q' .. ordinal, now)
  local ended = join_receipts(verification, ordinal, not is_repeated and 'unknown' or nil)
  if not ended then
    redis.call('HSET', verification, 'u' .. ordinal, '1')
    return false
  end
  end_delivery(events, due, verification, id, ordinal, now, ended)
  return true
end

-- How a delivery ends that was not sent before its verification ended like this.
local function unsent(verification_status)
  return verification_status == 'expired' and 'expired_unsent' or 'skipped'
end

-- Ends a verification: its workflow stops, what still waits to be sent is skipped, its digests and sealed codes are erased.
local function end_verification(events, due, verification, id, now, status)
  local fields = redis.call('HMGET', verification, 'n', 'R', 'w')
  local last = tonumber(fields[1])
  if fields[3] then stop_workflow(due, verification, id, last) end
  for ordinal = 1, last do
    if redis.call('HGET', verification, 's' .. ordinal) == 'queued' then
      end_delivery(events, due, verification, id, ordinal, now, unsent(status))
    end
    redis.call('HDEL', verification, 'h' .. ordinal, 'c' .. ordinal)
  end
  redis.call('ZREM', due, expiry_due(id))
  emit(events, verification, id, 'verification.' .. status, now, {}, 's', status, 'e', now)
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
