-- Renews a host's lease, unless the others have taken it for dead.
local me, ttl = unpack(ARGV, 1, 2)
if redis.call('EXISTS', prefix .. ':dead:' .. me) == 1 then return 'dead' end
redis.call('SET', prefix .. ':lease:' .. me, '1', 'PX', ttl)
redis.call('PEXPIRE', prefix .. ':host:' .. me, ttl)
return 'ok'
