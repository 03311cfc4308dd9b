#!lua flags=allow-oom
-- Forgets a destination of a project: ends what is open for it, erases what its latest verifications say of it, its send times
-- and its pointers, and appends an entry from which the records do the same for all the others. The streaks of wrong checks
-- stay: erasing must not buy guesses.
-- KEYS  1 operation   2 events   3 due
-- ARGV  1 now   2 deadline   3 id of the erasure   4 key prefix of verifications   5 key prefix of destinations   6 project
--       7 id of the API key that asks, or ''   8 request id   9 destination, sealed for the erasure
--       10 '1' when KEYS[1] is a real operation   11 … handle of the destination for a mode and purpose
-- Returns JSON: {result: accepted, id, elsewhere} | {result: late}; `elsewhere` are ids, by commas, of other shards' verifications
--         that had the destination beside their primary address, and are still to be forgotten there
-- include "./prelude.lua"
-- include "./workflow.lua"
-- include "./endings.lua"
local operation, events, due = KEYS[1], KEYS[2], KEYS[3]
local now, erasure, prefix = tonumber(ARGV[1]), ARGV[3], ARGV[4]

if is_late(ARGV[2]) then return '{"result":"late"}' end
if ARGV[10] == '' then operation = '' end
local known = recall(operation)
if known then return known end

local elsewhere = {}
for at = 11, #ARGV do
  local destination = ARGV[5] .. ARGV[at]
  for _, field in ipairs(redis.call('HKEYS', destination)) do
    if string.sub(field, 1, 1) == 'o' then
      local id, kept_until = string.match(redis.call('HGET', destination, field), '^(%w+):?(%d*)$')
      if kept_until == '' then
        erase_verification(events, due, prefix .. id, id, now)
      else
        elsewhere[#elsewhere + 1] = id
      end
      redis.call('HDEL', destination, field)
    end
  end
  redis.call('HDEL', destination, 'w', 'r')
end
-- Behind the events of all that it erases.
local asked = { project = ARGV[6], request_id = ARGV[8] }
if ARGV[7] ~= '' then asked.actor = ARGV[7] end
append(events, erasure, 1, 'destination.erased', now, asked, 's', ARGV[9])
return remember(operation, { result = 'accepted', id = erasure, elsewhere = table.concat(elsewhere, ',') })
