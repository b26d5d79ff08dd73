-- Takes a holder of sessions without a lease for dead, for good, and takes over what it never read of its
-- queue, and what waits for it. What it was running is claimed like all else. Says whether anything is left.
local group, host, me, claimer, max, mourn = unpack(ARGV, 1, 6)
if redis.call('EXISTS', prefix .. ':lease:' .. host, prefix .. ':grace', prefix .. ':dead:' .. me) > 0 then
  return 'lives'
end
-- Not among the holders any more: another has seen to it, or Redis has just lost its data, and the leases with it.
if redis.call('SISMEMBER', prefix .. ':holders', host) == 0 then return 'over' end
redis.call('SET', prefix .. ':dead:' .. host, '1', 'PX', mourn)
give_up(host)
local stream = prefix .. ':to:' .. host
redis.pcall('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
for _ = 1, max do
  -- One at a time: they are large, and only their place is needed here.
  if not redis.call('XREADGROUP', 'GROUP', group, claimer, 'COUNT', 1, 'STREAMS', stream, '>') then break end
end
return close_sessions(host) and 'over' or 'left'
