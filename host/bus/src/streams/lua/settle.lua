-- Ends deliveries: acknowledges and deletes the entries, frees their places, answers, relays the audit records.
-- Safe to repeat: a place is freed once, the first reply counts, an audit record has its number.
local group, me, ttl = unpack(ARGV, 1, 3)
if redis.call('EXISTS', prefix .. ':dead:' .. me) == 1 then return 'dead' end
local read, freed, hosts, gone = {}, {}, {}, {}
for at = 4, #ARGV, 12 do
  local name, id, call, share, bytes, to = unpack(ARGV, at, at + 5)
  local stream = prefix .. ':' .. name
  read[stream] = read[stream] or {}
  table.insert(read[stream], id)
  if redis.call('XDEL', stream, id) == 1 then
    local place, charged = unpack(redis.call('HMGET', state, 'call:' .. call, 'charged:' .. call))
    local f = freed[share] or { count = 0, places = 0, bytes = 0 }
    f.count, f.bytes = f.count + 1, f.bytes + bytes
    f.places = f.places + (string.match(place or '', ' (%d)$') or 0)
    freed[share] = f
    table.insert(gone, 'call:' .. call)
    if charged then discharge(call, charged, gone) end
  end
  leave(to, 'reply', unpack(ARGV, at + 6, at + 8))
  hosts[to] = true
  local header, body, mac = unpack(ARGV, at + 9, at + 11)
  redis.call('XADD', prefix .. ':audit', '*', 'h', header, 'p', body, 'm', mac)
end
for stream, ids in pairs(read) do redis.call('XACK', stream, group, unpack(ids)) end
for share, f in pairs(freed) do free(share, f.count, f.places, f.bytes, gone) end
if #gone > 0 then redis.call('HDEL', state, unpack(gone)) end
for host in pairs(hosts) do let_expire(host, ttl) end
return 'ok'
