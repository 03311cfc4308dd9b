#!lua flags=allow-oom
-- Replaces the copy of a project's configuration, unless it is as new already: publishers may overtake one another.
-- KEYS  1 configuration: hash epoch, and a JSON per part
-- ARGV  1 epoch   2 … part, JSON, part, JSON …
-- Returns 'published' or 'older'
local known = tonumber(redis.call('HGET', KEYS[1], 'epoch') or '-1')
if known >= tonumber(ARGV[1]) then return 'older' end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], unpack(ARGV, 2))
return 'published'
