-- What every script begins with. KEYS[1] is the domain's prefix; all keys derive from it and share its hash tag.
local prefix = KEYS[1]
-- Hash: depth, bytes, and run:<skill>, the places of each skill that are taken.
local load = prefix .. ':load'
-- Hash: call -> "<stream> <entry> <bytes>", where the call is until it is settled.
local calls = prefix .. ':calls'
-- Entries moved on at once; more than one only after a skill's concurrency was raised.
local ADVANCE_MAX = 64

local function held(skill)
  local now = redis.call('HMGET', load, 'depth', 'bytes', 'run:' .. skill)
  return tonumber(now[1] or 0), tonumber(now[2] or 0), tonumber(now[3] or 0)
end

local function hold(skill, depth, bytes, run)
  redis.call('HSET', load, 'depth', math.max(depth, 0), 'bytes', math.max(bytes, 0), 'run:' .. skill, run)
  if run <= 0 then redis.call('HDEL', load, 'run:' .. skill) end
end

local function queue(lane, call, bytes, header, payload, mac)
  local id = redis.call('XADD', prefix .. ':' .. lane, '*', 'h', header, 'p', payload, 'm', mac)
  redis.call('HSET', calls, call, lane .. ' ' .. id .. ' ' .. bytes)
end

-- Moves what waits behind a skill into the lanes while it has places; says how many are taken then.
local function advance(skill, run)
  local waiting = prefix .. ':wait:' .. skill
  for _ = 1, ADVANCE_MAX do
    local first = redis.call('XRANGE', waiting, '-', '+', 'COUNT', 1)[1]
    if not first then
      redis.call('DEL', waiting)
      return run
    end
    local f = first[2]
    local call, lane, concurrency, header, payload, mac = f[2], f[4], f[6], f[8], f[10], f[12]
    if run >= tonumber(concurrency) then return run end
    redis.call('XDEL', waiting, first[1])
    queue(lane, call, #header + #payload, header, payload, mac)
    run = run + 1
  end
  return run
end

-- Forgets an entry that had a place.
local function release(skill, call, bytes)
  redis.call('HDEL', calls, call)
  local depth, total, run = held(skill)
  hold(skill, depth - 1, total - bytes, advance(skill, run - 1))
end

-- Leaves a message for one host; what nobody renews expires.
local function leave(host, ttl, kind, header, payload, mac)
  local stream = prefix .. ':host:' .. host
  redis.call('XADD', stream, '*', 'k', kind, 'h', header, 'p', payload, 'm', mac)
  redis.call('PEXPIRE', stream, ttl)
end
