-- Shared by every script of the state machine. All keys of one call carry one hash tag: a destination's shard.
--
-- Verification (hash `ww:{NN}:v:<id>`; short names and values of at most 64 bytes keep it a listpack)
--   p project   m mode   u purpose   C country   s status   b binding digest   c checks left   g how many of the last sends'
--   codes stay valid   n deliveries   N sends   q last event seq   f, l first and last event id   o opened   x expires   e ended
--   T code TTL   R retention   t sealed addresses   A their kinds, the primary first: p phone, e e-mail, d device token
--   k sealed context (locale, client, metadata …); t and k are gone once erased
--   U undeliverable   z approval token consumed   K '1': an unknown outcome is waited for instead of sent again
--   W the plan that it is sent by, when that has more than one channel: `sms+email` at once, `email:30,whatsapp:0` one after
--     another, each with its time-out in seconds or 0   w which step of it runs; gone once the workflow has done its work
--   i<kind> of several addresses: the wrong checks that were counted for the one of that kind
--   per send i, which is one code:  h<i> code digest   x<i> code expires   c<i> sealed code, until nothing will send it any more
--   per delivery i:  s<i> status   v<i> channel   d<i> the send that it is of   a<i> attempts   r<i> provider calls
--     y<i> lease of the attempt that is not settled yet ends   w<i> receipts: the highest of each attempt, a digit each
--     j<i> the attempt that it was accepted by, when that is not the latest   q<i> since when it waits for a worker, when that is
--     not since its send   u<i> '1' once it went on after an attempt of unknown outcome: it may have arrived, however it ends
--   What most verifications would say alike stays out, as it was before there was a word for it: A means p, N as many as n,
--   v<i> sms, d<i> means i.
-- Destination (hash `ww:{NN}:d:<handle>`)
--   w send times in the window (6 bytes each)   r resend allowed at   k wrong checks in a row   l locked until
--   o<binding digest> the latest verification opened under that binding; `<id>:<until>` when another address is its primary:
--     its id names another shard then, and after `until` (ms) nobody needs the pointer
-- Due set (sorted by time, `ww:{NN}:due`)
--   d:<id>:<delivery> is still to be sent   w:<id>:<delivery> its workflow step times out   x:<id> the verification expires
-- Times are milliseconds since the epoch; `now` is the caller's injected clock.

local OPERATION_KEPT_MS = 24 * 3600 * 1000
local ENQUEUE_CHECK_MS = 2000
-- Nothing is sent with less life left than this, or than a third of the code's whole life if that is shorter.
local LEAST_LIFE_MS = 20 * 1000
-- However short the retention: a due set that is behind must still find what it ends.
local OVERDUE_MS = 600 * 1000
local LOCKED_FOR_GOOD = '9007199254740991'

local function server_now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- A request that timed out must not act later: past its deadline on Redis' own clock the script does nothing.
local function is_late(deadline)
  return server_now() > tonumber(deadline)
end

local function number_of(key, field)
  return tonumber(redis.call('HGET', key, field) or '0') or 0
end

-- Another project's verification, and one of the other mode, is as if it were not there.
local function is_owned(verification, project, mode)
  local owner = redis.call('HMGET', verification, 'p', 'm')
  return owner[1] == project and owner[2] == mode
end

-- Appends one fact to the shard's stream, in the same step as the change that makes it true: v verification, q seq, t type,
-- a at, d JSON (of the table `data`, or that text), and what else `...` names. Nothing is trimmed here: a recorder does it behind
-- its cursor. Returns the entry's position; who calls this itself keeps `q`, `f` and `l`.
local function append(events, id, seq, fact, now, data, ...)
  local body = type(data) == 'string' and data or cjson.encode(data)
  return redis.call('XADD', events, '*', 'v', id, 'q', seq, 't', fact, 'a', now, 'd', body, ...)
end

-- Appends the verification's next fact, and sets the fields that `...` names.
local function emit(events, verification, id, fact, now, data, ...)
  local seq = redis.call('HINCRBY', verification, 'q', 1)
  redis.call('HSET', verification, 'l', append(events, id, seq, fact, now, data), ...)
end

local function delivery_id(id, ordinal)
  return 'del_' .. id .. '-' .. ordinal
end

local function delivery_due(id, ordinal)
  return 'd:' .. id .. ':' .. ordinal
end

local function step_due(id, ordinal)
  return 'w:' .. id .. ':' .. ordinal
end

local function expiry_due(id)
  return 'x:' .. id
end

-- The send that a delivery is of: its code stands under that number.
local function send_of(verification, ordinal)
  return tonumber(redis.call('HGET', verification, 'd' .. ordinal) or ordinal)
end

local function channel_of(verification, ordinal)
  return redis.call('HGET', verification, 'v' .. ordinal) or 'sms'
end

-- Whether a code that expires then lives too short to be sent any more.
local function is_life_too_short(expires, ttl, now)
  return tonumber(expires or '0') - now < math.min(LEAST_LIFE_MS, tonumber(ttl) / 3)
end

local function is_too_late(verification, send, now)
  local life = redis.call('HMGET', verification, 'x' .. send, 'T')
  return is_life_too_short(life[1], life[2], now)
end

-- Never shortens: a streak outlives the verification that it was made on, and one locked for good stays.
local function keep_destination(destination, locked_until, ms)
  if locked_until == LOCKED_FOR_GOOD then return end
  if redis.call('PTTL', destination) < ms then redis.call('PEXPIRE', destination, ms) end
end

-- What an operation answered, kept beside the state it changed, so that a repeat gets the same answer.
local function remember(operation, outcome)
  local text = cjson.encode(outcome)
  if operation ~= '' then redis.call('SET', operation, text, 'PX', OPERATION_KEPT_MS) end
  return text
end

local function recall(operation)
  return operation ~= '' and redis.call('GET', operation)
end
