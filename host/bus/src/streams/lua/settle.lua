-- Ends deliveries: acknowledges and deletes the entry, frees its place, answers, relays the audit record.
-- Safe to repeat: a place is freed once, the first reply counts, an audit record has its number.
local group, me, ttl = unpack(ARGV, 1, 3)
if redis.call('EXISTS', prefix .. ':dead:' .. me) == 1 then return 'dead' end
for at = 4, #ARGV, 12 do
  local lane, id, call, skill, bytes, to = unpack(ARGV, at, at + 5)
  local stream = prefix .. ':' .. lane
  redis.call('XACK', stream, group, id)
  if redis.call('XDEL', stream, id) == 1 then release(skill, call, tonumber(bytes)) end
  leave(to, ttl, 'reply', unpack(ARGV, at + 6, at + 8))
  local header, body, mac = unpack(ARGV, at + 9, at + 11)
  redis.call('XADD', prefix .. ':audit', '*', 'h', header, 'p', body, 'm', mac)
end
return 'ok'
