-- What open and resend share: the sends window and the pacing of one destination and purpose, and adding a delivery.

-- Of what the destination's `w` holds, the sends within the window.
local function read_sends(packed, now, window)
  packed = packed or ''
  local sends = {}
  for at = 1, #packed, 6 do
    local sent = struct.unpack('>I6', packed, at)
    if sent > now - window then sends[#sends + 1] = sent end
  end
  return sends
end

-- Returns nil when a code may be sent now, else the refusal and the milliseconds to wait.
local function refuse_send(resend_at, now, sends, sends_max, window)
  resend_at = tonumber(resend_at or '0')
  if now < resend_at then return { result = 'resend_too_soon', retry_ms = resend_at - now } end
  if #sends >= sends_max then
    return { result = 'max_sends', retry_ms = sends[#sends - sends_max + 1] + window - now }
  end
  return nil
end

-- Records a send, and the fields that `...` names; returns when the next one is allowed.
local function record_send(destination, now, sends, pacing, ...)
  sends[#sends + 1] = now
  local packed = {}
  for _, sent in ipairs(sends) do packed[#packed + 1] = struct.pack('>I6', sent) end
  local steps = {}
  for step in string.gmatch(pacing, '%d+') do steps[#steps + 1] = tonumber(step) end
  local wait = steps[math.min(#sends, #steps)] or 0
  redis.call('HSET', destination, 'w', table.concat(packed), 'r', now + wait * 1000, ...)
  return now + wait * 1000
end

-- Follows up a delivery that was queued, and the expiry of its verification.
local function follow_up(due, id, ordinal, now, expires)
  redis.call('ZADD', due, now + ENQUEUE_CHECK_MS, delivery_due(id, ordinal), expires + 1, expiry_due(id))
end

-- Adds delivery `ordinal` with its code to a verification and follows it up; older codes than the last `g` stop being valid.
local function add_delivery(events, due, verification, id, ordinal, now, expires, channel, digest, sealed_code)
  redis.call('HSET', verification, 'n', ordinal, 'x', expires, 's' .. ordinal, 'queued', 'x' .. ordinal, expires,
    'h' .. ordinal, digest, 'c' .. ordinal, sealed_code)
  redis.call('HDEL', verification, 'U')
  local oldest_valid = ordinal - number_of(verification, 'g') + 1
  if oldest_valid > 1 then redis.call('HDEL', verification, 'h' .. (oldest_valid - 1)) end
  emit(events, verification, id, 'delivery.queued', now, { delivery = delivery_id(id, ordinal), channel = channel })
  follow_up(due, id, ordinal, now, expires)
end
