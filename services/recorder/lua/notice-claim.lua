-- Takes a project's notice that is due, for one recorder: for others it is due again when the lease has ended, should that
-- one have died.
-- KEYS  1 due   2 notice of the project
-- ARGV  1 project  2 now, ms  3 lease, ms
-- Returns {} when there is nothing to tell | {claim, live, test, since, tries, channels by commas}
local now = tonumber(ARGV[2])
local at = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or nil)
if not at or at > now then return {} end
local fields, channels = {}, {}
local flat = redis.call('HGETALL', KEYS[2])
for i = 1, #flat, 2 do
  fields[flat[i]] = flat[i + 1]
  local channel = string.match(flat[i], '^channel:(.*)$')
  if channel then table.insert(channels, channel) end
end
local live, test = tonumber(fields.live or 0), tonumber(fields.test or 0)
if live + test == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return {}
end
table.sort(channels)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
local claim = redis.call('HINCRBY', KEYS[2], 'claim', 1)
return { claim, live, test, tonumber(fields.since), tonumber(fields.tries or 0), table.concat(channels, ',') }
