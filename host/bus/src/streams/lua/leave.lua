-- Gives up a host's lease and mailbox. What it still runs is left to be claimed.
local group, me = unpack(ARGV, 1, 2)
redis.call('DEL', prefix .. ':lease:' .. me, prefix .. ':host:' .. me)
for _, lane in ipairs({ 'hi', 'no', 'lo' }) do
  local stream = prefix .. ':' .. lane
  local pending = redis.pcall('XPENDING', stream, group, '-', '+', 1, me)
  if not pending.err and #pending == 0 then redis.pcall('XGROUP', 'DELCONSUMER', stream, group, me) end
end
return 'ok'
