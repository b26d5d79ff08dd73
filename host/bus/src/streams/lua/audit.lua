-- Relays a record that belongs to no entry, if a place is left beside those reserved for entries.
local header, body, mac, audit_max = unpack(ARGV, 1, 4)
local stream = prefix .. ':audit'
local depth = tonumber(redis.call('HGET', state, 'depth') or 0)
if redis.call('XLEN', stream) + depth >= tonumber(audit_max) then return 'audit' end
redis.call('XADD', stream, '*', 'h', header, 'p', body, 'm', mac)
return 'ok'
