-- The sends window, the pacing and the pointers of one destination and purpose.

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

-- Drops pointers that nobody needs any more: of verifications in this shard those that are not open, of others those whose time
-- has passed.
local function drop_pointers(destination, now, is_open)
  for _, field in ipairs(redis.call('HKEYS', destination)) do
    if string.sub(field, 1, 1) == 'o' then
      local id, kept_until = string.match(redis.call('HGET', destination, field), '^(%w+):?(%d*)$')
      local is_needed
      if kept_until == '' then is_needed = is_open(id) else is_needed = now <= tonumber(kept_until) end
      if not is_needed then redis.call('HDEL', destination, field) end
    end
  end
end
