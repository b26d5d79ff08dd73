-- Takes a call back if no host has read it; else tells the host that has.
local group, call, share, ttl, header, mac = unpack(ARGV, 1, 6)
local place, charged = unpack(redis.call('HMGET', state, 'call:' .. call, 'charged:' .. call))
if not place then return 'over' end
local name, id, size, places = string.match(place, '^(%S+) (%S+) (%d+) (%d)')
local stream = prefix .. ':' .. name
local waits = string.sub(name, 1, 5) == 'wait:'
local pending = waits and {} or redis.pcall('XPENDING', stream, group, id, id, 1)
-- Without a group, as after a flush, nobody has read anything.
local reader = not pending.err and pending[1]
if reader then
  leave(reader[2], 'cancel', header, '', mac)
  let_expire(reader[2], ttl)
  return 'started'
end
if waits then unlist(stream, id) else redis.call('XDEL', stream, id) end
local gone = { 'call:' .. call }
if charged then discharge(call, charged, gone) end
free(share, 1, tonumber(places), size, gone)
redis.call('HDEL', state, unpack(gone))
return 'taken'
