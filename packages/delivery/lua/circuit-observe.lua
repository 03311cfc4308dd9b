-- Counts a receipt's later word into the window, without a permission. It neither adds to a run of failures nor ends one:
-- when a provider goes down, its receipts for what it took before still come. Open and half open it counts nothing, since
-- such a receipt tells of a time that has passed; there only probes speak.
-- KEYS, ARGV 1–3 as in the prelude
-- ARGV  4 healthy | unhealthy   5 its attempt, or ''
-- Returns {stale} | {counted} | {from, to, reason, ms}, as record
-- include "./circuit-prelude.lua"
-- include "./circuit-quality.lua"
local fields = load()
if fields.state and fields.state ~= 'recovering' then return { 'stale' } end
note_quality(fields, ARGV[4], nil, took_to_deliver(ARGV[4], ARGV[5]))
return judge(fields, ARGV[4], number(fields.failures), fields.failing_since)
