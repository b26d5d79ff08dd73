-- The cache of one key of a skill's durable state. The entry holds either a value (h, p, m) or the one ticket
-- that stands (t); beside it, who holds the key, by the time at which that ends.
local what, skill, key, ticket, span = unpack(ARGV, 1, 5)
-- A skill that was cleared begins anew under other names.
local era = redis.call('GET', prefix .. ':cache-era:' .. skill) or ''
local place = skill .. ':' .. era .. ':' .. key
local entry, holds = prefix .. ':cache:' .. place, prefix .. ':cache-holds:' .. place
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', holds, '-inf', now)

local function stand()
  redis.call('HSET', entry, 't', ticket)
  redis.call('PEXPIRE', entry, span)
end

if what == 'get' then
  local found = redis.call('HMGET', entry, 'h', 'p', 'm')
  if found[1] then return found end
  if redis.call('ZCARD', holds) == 0 then stand() end
  return {}
end

if what == 'forget' then return redis.call('DEL', entry) end

if what == 'hold' then
  redis.call('DEL', entry)
  if redis.call('ZCARD', holds) == 0 then stand() end
  redis.call('ZADD', holds, now + span, ticket)
  redis.call('PEXPIRE', holds, span)
  return 'ok'
end

local held = redis.call('ZREM', holds, ticket) == 1
if what == 'release' then return 'ok' end

local hold = ARGV[6] == 'hold'
local stands = redis.call('HGET', entry, 't') == ticket and held == hold
if stands or hold then redis.call('DEL', entry) end
if stands then
  redis.call('HSET', entry, 'h', ARGV[7], 'p', ARGV[8], 'm', ARGV[9])
  redis.call('PEXPIRE', entry, span)
end
return 'ok'
