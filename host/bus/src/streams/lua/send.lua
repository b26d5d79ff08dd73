-- Admits an entry and queues it, or puts it behind its saturated skill. Says which bound stood in the way.
local call, lane, skill, header, payload, mac = unpack(ARGV, 1, 6)
local concurrency, waiting_max, depth_max, bytes_max, audit_max = unpack(ARGV, 7, 11)
local size = #header + #payload
local now = redis.call('HMGET', state, 'depth', 'bytes', 'run:' .. skill, 'call:' .. call)
local depth, bytes, run = tonumber(now[1] or 0), tonumber(now[2] or 0), tonumber(now[3] or 0)
if now[4] then return 'duplicate' end
if depth >= tonumber(depth_max) then return 'depth' end
if bytes + size > tonumber(bytes_max) then return 'bytes' end
if redis.call('XLEN', prefix .. ':audit') + depth >= tonumber(audit_max) then return 'audit' end
local place
if run < tonumber(concurrency) then
  place = queue(lane, size, header, payload, mac)
  run = run + 1
else
  local waiting = prefix .. ':wait:' .. skill
  if redis.call('XLEN', waiting) >= tonumber(waiting_max) then return 'waiting' end
  local id = redis.call('XADD', waiting, '*',
    'i', call, 'l', lane, 'c', concurrency, 'h', header, 'p', payload, 'm', mac)
  place = 'wait:' .. skill .. ' ' .. id .. ' ' .. size
end
redis.call('HSET', state, 'depth', depth + 1, 'bytes', bytes + size, 'run:' .. skill, run, 'call:' .. call, place)
return 'ok'
