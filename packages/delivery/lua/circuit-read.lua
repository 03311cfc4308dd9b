-- Tells of a circuit, and changes nothing of it that holds.
-- KEYS, ARGV 1–3 as in the prelude
-- Returns {state, calls, failed, slow, share in %, probes under way, reason it is not closed or '',
--          quality in %}
-- include "./circuit-prelude.lua"
-- include "./circuit-quality.lua"
local fields = load()
local current, past_totals = window_of(fields)
local totals = add(past_totals, current)
local state, share = fields.state or 'closed', 0
if is_half_open(fields) then state = 'half_open' end
if state == 'recovering' then
  share = share_of(fields)
  if ramp_ms(fields) >= RAMP_MS then state = 'closed' end
end
if state == 'closed' then share = 100 end
return { state, totals[2], totals[3], totals[4], share, live_probes(fields), fields.opened_for or '',
  quality_of(fields) }
