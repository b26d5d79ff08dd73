-- Admits an entry and queues it, or puts it behind its saturated skill. Says which bound stood in the way.
local call, name, share, header, payload, mac = unpack(ARGV, 1, 6)
local concurrency, waiting_max, depth_max, bytes_max, audit_max = unpack(ARGV, 7, 11)
local size = #header + #payload
-- A session is served by the host that holds it, or by nobody. While hosts report anew after Redis lost its
-- data, there is no telling who lives.
local holder = string.match(name, '^to:(.*)')
if holder then
  local holders = prefix .. ':holders'
  local lives = redis.call('SISMEMBER', holders, holder) * redis.call('EXISTS', prefix .. ':lease:' .. holder)
  local sure = redis.call('EXISTS', holders) - redis.call('EXISTS', prefix .. ':grace')
  if lives == 0 then return sure == 1 and 'gone' or 'unsure' end
end
local now = redis.call('HMGET', state, 'depth', 'bytes', 'run:' .. share, 'call:' .. call)
local depth, bytes, run = tonumber(now[1] or 0), tonumber(now[2] or 0), tonumber(now[3] or 0)
if now[4] then return 'duplicate' end
if depth >= tonumber(depth_max) then return 'depth' end
if bytes + size > tonumber(bytes_max) then return 'bytes' end
if redis.call('XLEN', prefix .. ':audit') + depth >= tonumber(audit_max) then return 'audit' end
local place
if run < tonumber(concurrency) then
  place = queue(name, size, 1, header, payload, mac)
  run = run + 1
else
  local list = 'wait:' .. share
  if redis.call('XLEN', prefix .. ':' .. list) >= tonumber(waiting_max) then return 'waiting' end
  local id = redis.call('XADD', prefix .. ':' .. list, '*',
    'i', call, 'q', name, 'c', concurrency, 'h', header, 'p', payload, 'm', mac)
  place = list .. ' ' .. id .. ' ' .. size .. ' 0 ' .. name
end
redis.call('HSET', state, 'depth', depth + 1, 'bytes', bytes + size, 'run:' .. share, run, 'call:' .. call, place)
return 'ok'
