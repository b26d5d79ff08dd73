-- Admits an entry and queues it, or puts it behind its saturated skill. Says which bound stood in the way.
local call, lane, skill, header, payload, mac = unpack(ARGV, 1, 6)
local concurrency, waiting_max, depth_max, bytes_max, audit_max = unpack(ARGV, 7, 11)
local size = #header + #payload
local depth, bytes, run = held(skill)
if redis.call('HEXISTS', calls, call) == 1 then return 'duplicate' end
if depth >= tonumber(depth_max) then return 'depth' end
if bytes + size > tonumber(bytes_max) then return 'bytes' end
if redis.call('XLEN', prefix .. ':audit') + depth >= tonumber(audit_max) then return 'audit' end
if run < tonumber(concurrency) then
  queue(lane, call, size, header, payload, mac)
  run = run + 1
else
  local waiting = prefix .. ':wait:' .. skill
  if redis.call('XLEN', waiting) >= tonumber(waiting_max) then return 'waiting' end
  local id = redis.call('XADD', waiting, '*',
    'i', call, 'l', lane, 'c', concurrency, 'h', header, 'p', payload, 'm', mac)
  redis.call('HSET', calls, call, 'wait:' .. skill .. ' ' .. id .. ' ' .. size)
end
hold(skill, depth + 1, bytes + size, run)
return 'ok'
