-- How a plan's channels become deliveries, and how a workflow goes from one step to the next.

-- The channels of a plan, with the time-outs of a workflow's steps in seconds; and whether they go one after another.
local function read_plan(plan)
  local steps = {}
  for channel, timeout in string.gmatch(plan, '(%l+):?(%d*)') do
    steps[#steps + 1] = { channel = channel, timeout = tonumber(timeout) or 0 }
  end
  return steps, string.find(plan, ':', 1, true) ~= nil
end

-- Adds a delivery of a send's code and follows it up from `due_at` on. `reason` tells why a workflow came to it, else nil: then
-- it is younger than its send.
local function queue_delivery(events, due, verification, id, ordinal, send, channel, now, due_at, reason)
  redis.call('HSET', verification, 'n', ordinal, 's' .. ordinal, 'queued')
  if channel ~= 'sms' then redis.call('HSET', verification, 'v' .. ordinal, channel) end
  if send ~= ordinal then redis.call('HSET', verification, 'N', send, 'd' .. ordinal, send) end
  if reason then redis.call('HSET', verification, 'q' .. ordinal, now) end
  redis.call('HDEL', verification, 'U')
  emit(events, verification, id, 'delivery.queued', now,
    { delivery = delivery_id(id, ordinal), channel = channel, send = send, reason = reason })
  redis.call('ZADD', due, due_at, delivery_due(id, ordinal))
end

-- A step that has another one behind it is given up after its time-out. That counts from here: a queue that is stuck must
-- not eat the life of the code.
local function watch_step(due, id, ordinal, steps, step, now)
  if steps[step].timeout > 0 and steps[step + 1] then
    redis.call('ZADD', due, now + steps[step].timeout * 1000, step_due(id, ordinal))
  end
end

-- The step that runs is always that of the newest delivery: a resend replaces the workflow that it finds.
local function stop_workflow(due, verification, id, ordinal)
  redis.call('HDEL', verification, 'w')
  redis.call('ZREM', due, step_due(id, ordinal))
end

-- Whether another step follows the one that runs, and that is the delivery's: it is always that of the newest.
local function has_step_after(verification, ordinal, step)
  local fields = redis.call('HMGET', verification, 'n', 'W')
  return tonumber(fields[1]) == ordinal and read_plan(fields[2])[step + 1] ~= nil
end

-- Begins the step after the one that runs, with the same code. Returns its delivery's ordinal and channel, due at `due_at`; nil
-- when there is none, or when the code lives too short for it: then the workflow has ended.
local function begin_next_step(events, due, verification, id, now, reason, due_at)
  local fields = redis.call('HMGET', verification, 's', 'n', 'w', 'W')
  local last, step = tonumber(fields[2]), tonumber(fields[3]) + 1
  local steps = read_plan(fields[4])
  local send = send_of(verification, last)
  stop_workflow(due, verification, id, last)
  if fields[1] ~= 'pending' or not steps[step] or is_too_late(verification, send, now) then return nil end
  redis.call('HSET', verification, 'w', step)
  queue_delivery(events, due, verification, id, last + 1, send, steps[step].channel, now, due_at, reason)
  watch_step(due, id, last + 1, steps, step, now)
  return last + 1, steps[step].channel
end
