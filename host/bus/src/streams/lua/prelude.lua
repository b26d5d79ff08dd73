-- What every script begins with. KEYS[1] is the domain's prefix; all keys derive from it and share its hash tag.
-- Before this stands DEPTH_MAX, the number of depths.
local prefix = KEYS[1]
-- A share is what a skill has at one depth: "<depth>:<skill>". As a call waits for deeper ones only, no two
-- chains of calls can hold what the other needs.
-- Hash: depth and bytes of the domain; run:<share>, the places of a share that are taken;
-- call:<id>, where a call is until it is settled: "<stream> <entry> <bytes> <places>", places being those of its
-- share that it takes: 1, or 0 if it waits. Of one that waits it says too which queue it waits for;
-- charged:<call>, whose quotas count the call until it is settled, if any; under-way:<whose>, how many they count.
-- Beside it, rate:<whose>:<rate>, until the rate's bucket is full again: "<debt> <since, in ms>".
local state = prefix .. ':state'
-- Entries moved on at once; more than one only after a skill's concurrency was raised.
local ADVANCE_MAX = 64

local function queue(name, bytes, places, header, payload, mac)
  local id = redis.call('XADD', prefix .. ':' .. name, '*', 'h', header, 'p', payload, 'm', mac)
  return name .. ' ' .. id .. ' ' .. bytes .. ' ' .. places
end

local function unlist(list, id)
  redis.call('XDEL', list, id)
  if redis.call('XLEN', list) == 0 then redis.call('DEL', list) end
end

-- Moves what waits behind a share into its queue while there are places; says how many are taken then.
local function advance(share, run)
  local list = prefix .. ':wait:' .. share
  if redis.call('EXISTS', list) == 0 then return run end
  for _ = 1, ADVANCE_MAX do
    local entry = redis.call('XRANGE', list, '-', '+', 'COUNT', 1)[1]
    if not entry then return run end
    local f = entry[2]
    local call, name, concurrency, header, payload, mac = f[2], f[4], f[6], f[8], f[10], f[12]
    if run >= tonumber(concurrency) then return run end
    unlist(list, entry[1])
    redis.call('HSET', state, 'call:' .. call, queue(name, #header + #payload, 1, header, payload, mac))
    run = run + 1
  end
  return run
end

-- Takes entries of one share, which took `places` of it, out of the books. Fields to delete gather in `gone`.
local function free(share, entries, places, size, gone)
  local now = redis.call('HMGET', state, 'depth', 'bytes', 'run:' .. share)
  local run = tonumber(now[3] or 0) - places
  if places > 0 then run = advance(share, run) end
  redis.call('HSET', state, 'depth', math.max((now[1] or 0) - entries, 0),
    'bytes', math.max((now[2] or 0) - size, 0), 'run:' .. share, run)
  if run <= 0 then table.insert(gone, 'run:' .. share) end
end

-- Counts a call no more against the quotas that it was charged to.
local function discharge(call, charged, gone)
  for whose in string.gmatch(charged, '%S+') do
    local left = redis.call('HINCRBY', state, 'under-way:' .. whose, -1)
    if left <= 0 then table.insert(gone, 'under-way:' .. whose) end
  end
  table.insert(gone, 'charged:' .. call)
end

-- Moves what waits behind skills for the sessions of a host that is gone into its queue, where it is found. It
-- takes no place, as nobody will run it.
local function give_up(host)
  local name = 'to:' .. host
  local fields = redis.call('HGETALL', state)
  for at = 1, #fields, 2 do
    local list, id, size, to = string.match(fields[at + 1], '^(wait:%S+) (%S+) (%d+) 0 (%S+)$')
    if to == name then
      list = prefix .. ':' .. list
      local entry = redis.call('XRANGE', list, id, id)[1]
      if entry then
        local f = entry[2]
        unlist(list, id)
        redis.call('HSET', state, fields[at], queue(name, size, 0, f[8], f[10], f[12]))
      end
    end
  end
end

-- Removes the queue of a host's sessions if nothing is left in it.
local function close_sessions(host)
  local stream = prefix .. ':to:' .. host
  if redis.call('XLEN', stream) > 0 then return false end
  redis.call('DEL', stream)
  redis.call('SREM', prefix .. ':holders', host)
  return true
end

-- Leaves a message in a host's mailbox. Whoever does so last lets it expire, as its host renews it.
local function leave(host, kind, header, payload, mac)
  redis.call('XADD', prefix .. ':host:' .. host, '*', 'k', kind, 'h', header, 'p', payload, 'm', mac)
end

local function let_expire(host, ttl)
  redis.call('PEXPIRE', prefix .. ':host:' .. host, ttl)
end
