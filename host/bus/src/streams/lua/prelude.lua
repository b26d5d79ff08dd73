-- What every script begins with. KEYS[1] is the domain's prefix; all keys derive from it and share its hash tag.
local prefix = KEYS[1]
-- Hash: depth and bytes of the domain; run:<skill>, the places of a skill that are taken;
-- call:<id>, where a call is until it is settled: "<stream> <entry> <bytes>".
local state = prefix .. ':state'
-- Entries moved on at once; more than one only after a skill's concurrency was raised.
local ADVANCE_MAX = 64

local function queue(lane, bytes, header, payload, mac)
  local id = redis.call('XADD', prefix .. ':' .. lane, '*', 'h', header, 'p', payload, 'm', mac)
  return lane .. ' ' .. id .. ' ' .. bytes
end

-- Moves what waits behind a skill into the lanes while it has places; says how many are taken then.
local function advance(skill, run)
  local waiting = prefix .. ':wait:' .. skill
  for _ = 1, ADVANCE_MAX do
    local first = redis.call('XRANGE', waiting, '-', '+', 'COUNT', 1)[1]
    if not first then return run end
    local f = first[2]
    local call, lane, concurrency, header, payload, mac = f[2], f[4], f[6], f[8], f[10], f[12]
    if run >= tonumber(concurrency) then return run end
    redis.call('XDEL', waiting, first[1])
    if redis.call('XLEN', waiting) == 0 then redis.call('DEL', waiting) end
    redis.call('HSET', state, 'call:' .. call, queue(lane, #header + #payload, header, payload, mac))
    run = run + 1
  end
  return run
end

-- Takes entries of one skill, of which `places` had a place, out of the books. Fields to delete gather in `gone`.
local function free(skill, entries, places, size, gone)
  local now = redis.call('HMGET', state, 'depth', 'bytes', 'run:' .. skill)
  local run = tonumber(now[3] or 0) - places
  if places > 0 then run = advance(skill, run) end
  redis.call('HSET', state, 'depth', math.max((now[1] or 0) - entries, 0),
    'bytes', math.max((now[2] or 0) - size, 0), 'run:' .. skill, run)
  if run <= 0 then table.insert(gone, 'run:' .. skill) end
end

-- Leaves a message in a host's mailbox. Whoever does so last lets it expire, as its host renews it.
local function leave(host, kind, header, payload, mac)
  redis.call('XADD', prefix .. ':host:' .. host, '*', 'k', kind, 'h', header, 'p', payload, 'm', mac)
end

local function let_expire(host, ttl)
  redis.call('PEXPIRE', prefix .. ':host:' .. host, ttl)
end
