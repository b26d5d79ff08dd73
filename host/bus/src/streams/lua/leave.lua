-- Gives up a host's lease, its mailbox, and the queue of its sessions. What it still runs, and what only it
-- could run, is left to be claimed.
local group, me = unpack(ARGV, 1, 2)
redis.call('DEL', prefix .. ':lease:' .. me, prefix .. ':host:' .. me)
give_up(me)
close_sessions(me)
local names = { 'hi', 'no', 'lo' }
for depth = 1, DEPTH_MAX - 1 do table.insert(names, 'd' .. depth) end
for _, name in ipairs(names) do
  local stream = prefix .. ':' .. name
  local pending = redis.pcall('XPENDING', stream, group, '-', '+', 1, me)
  if not pending.err and #pending == 0 then redis.pcall('XGROUP', 'DELCONSUMER', stream, group, me) end
end
return 'ok'
