-- Which of a verification's several addresses its codes go to. Kinds of address are letters, as in field A.

local KIND_OF = { email = 'e', push = 'd' }
-- The provider has taken the message, or may have.
local MAY_HAVE_ARRIVED = { sending = true, accepted = true, delivered = true, read = true, unknown = true }

-- Those of `kinds` that deliveries go to which `is_meant` picks; in the order of `kinds`.
local function kinds_of_deliveries(verification, kinds, last, is_meant)
  local meant = {}
  for ordinal = 1, last do
    local fields = redis.call('HMGET', verification, 's' .. ordinal, 'v' .. ordinal, 'd' .. ordinal, 'a' .. ordinal, 'r' .. ordinal,
      'u' .. ordinal)
    local delivery = {
      status = fields[1], send = tonumber(fields[3] or ordinal), attempts = tonumber(fields[4] or '0'),
      calls = tonumber(fields[5] or '0'), has_unknown = fields[6] == '1',
    }
    if is_meant(delivery) then meant[KIND_OF[fields[2]] or 'p'] = true end
  end
  return (string.gsub(kinds, '.', function(kind) return meant[kind] and kind or '' end))
end

-- The kinds beside the primary one that deliveries were made for, so that a guess is a guess at theirs, too.
local function kinds_beside(verification, kinds, last)
  return kinds_of_deliveries(verification, string.sub(kinds, 2), last, function() return true end)
end

-- The kinds that the codes of `sends` may have reached. A message that a provider was asked for and that waits to be sent again may
-- have arrived, and so may one that went on after an attempt of unknown outcome, whatever the next came to; and when no other has, one
-- that was called lost has after all.
local function kinds_reached(verification, kinds, last, sends)
  local reached = kinds_of_deliveries(verification, kinds, last, function(delivery)
    if not sends[delivery.send] then return false end
    return MAY_HAVE_ARRIVED[delivery.status] or delivery.has_unknown or (delivery.status == 'queued' and delivery.calls > 0)
  end)
  if reached ~= '' then return reached end
  return kinds_of_deliveries(verification, kinds, last, function(delivery)
    return sends[delivery.send] and delivery.attempts > 0
  end)
end
