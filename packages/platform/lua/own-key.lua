#!lua flags=allow-oom
-- Notes whose an API key is. Also when Redis is full: a revocation publishes the keys that stay, too.
-- KEYS  1 the key's owner
-- ARGV  1 project
-- Returns 1
redis.call('SET', KEYS[1], ARGV[1])
return 1
