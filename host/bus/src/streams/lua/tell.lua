-- Leaves what may be lost for a host that lives and isn't behind.
local host, ttl, max = unpack(ARGV, 1, 3)
if redis.call('EXISTS', prefix .. ':lease:' .. host) == 0 then return 'dead' end
if redis.call('XLEN', prefix .. ':host:' .. host) >= tonumber(max) then return 'behind' end
leave(host, unpack(ARGV, 4, 7))
let_expire(host, ttl)
return 'ok'
