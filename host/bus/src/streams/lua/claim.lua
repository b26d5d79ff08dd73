-- Takes a host without a lease for dead, for good, and claims what it was running in one queue.
local group, name, consumer, host, me, claimer, max, mourn = unpack(ARGV, 1, 8)
if redis.call('EXISTS', prefix .. ':lease:' .. host, prefix .. ':grace', prefix .. ':dead:' .. me) > 0 then
  return 0
end
local stream = prefix .. ':' .. name
local pending = redis.pcall('XPENDING', stream, group, '-', '+', max, consumer)
-- Without the group, Redis has just lost its data, and the leases with it: that says nothing of the host.
if pending.err then return 0 end
redis.call('SET', prefix .. ':dead:' .. host, '1', 'PX', mourn)
if #pending == 0 then
  redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer)
  return 0
end
local claim = { 'XCLAIM', stream, group, claimer, 0 }
for _, entry in ipairs(pending) do table.insert(claim, entry[1]) end
table.insert(claim, 'JUSTID')
redis.call(unpack(claim))
return #pending
