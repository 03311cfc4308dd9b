-- Events of a sliding window, for limits so small that each one counts. The window is 60 slots beside the one under way, and a
-- slot counts until all of it has left the window: the limit is never exceeded, and a wait is at most a slot too long.
-- Kept as text, `slot:count slot:count …`, the oldest first; expires with its window.

local SLOTS = 60

local function readSlots(key, now, windowMs)
  local slotMs = windowMs / SLOTS
  local window = { key = key, windowMs = windowMs, slotMs = slotMs, slot = math.floor(now / slotMs), total = 0 }
  for slot, count in string.gmatch(redis.call('GET', key) or '', '(%d+):(%d+)') do
    if tonumber(slot) >= window.slot - SLOTS then
      window[#window + 1] = { slot = tonumber(slot), count = tonumber(count) }
      window.total = window.total + tonumber(count)
    end
  end
  return window
end

-- Seconds until `count` more fit under `limit`, at least 1.
local function secondsUntilSlots(window, limit, count, now)
  local left = window.total
  local waitMs = 0
  for _, one in ipairs(window) do
    if left + count <= limit then break end
    left = left - one.count
    waitMs = (one.slot + SLOTS + 1) * window.slotMs - now
  end
  return math.max(math.ceil(waitMs / 1000), 1)
end

local function writeSlots(window)
  local texts = {}
  for index, one in ipairs(window) do texts[index] = string.format('%d:%d', one.slot, one.count) end
  redis.call('SET', window.key, table.concat(texts, ' '), 'PX', window.windowMs + 2 * window.slotMs)
end

local function addToSlots(window, count)
  local newest = window[#window]
  -- A process whose clock runs ahead was here first: its slot holds.
  if newest and newest.slot >= window.slot then
    newest.count = newest.count + count
  else
    window[#window + 1] = { slot = window.slot, count = count }
  end
  window.total = window.total + count
  writeSlots(window)
end

local function takeFromSlots(window, count)
  local newest = window[#window]
  if not newest then return end
  newest.count = math.max(newest.count - count, 0)
  if newest.count == 0 then window[#window] = nil end
  writeSlots(window)
end
