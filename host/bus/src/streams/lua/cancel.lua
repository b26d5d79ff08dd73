-- Takes a call back if no host has read it; else tells the host that has.
local group, call, skill, ttl, header, mac = unpack(ARGV, 1, 6)
local place = redis.call('HGET', calls, call)
if not place then return 'over' end
local name, id, size = string.match(place, '^(%S+) (%S+) (%d+)$')
local stream = prefix .. ':' .. name
if string.sub(name, 1, 5) == 'wait:' then
  redis.call('XDEL', stream, id)
  if redis.call('XLEN', stream) == 0 then redis.call('DEL', stream) end
  redis.call('HDEL', calls, call)
  local depth, bytes, run = held(skill)
  hold(skill, depth - 1, bytes - size, run)
  return 'taken'
end
local pending = redis.pcall('XPENDING', stream, group, id, id, 1)
-- Without a group, as after a flush, nobody has read anything.
local reader = not pending.err and pending[1]
if not reader then
  redis.call('XDEL', stream, id)
  release(skill, call, tonumber(size))
  return 'taken'
end
leave(reader[2], ttl, 'cancel', header, '', mac)
return 'started'
