-- Makes the groups that are missing, from the first entry on. Where they were, Redis has lost its data,
-- leases too: so nobody is taken for dead until every host had time to renew.
local group, grace, me = unpack(ARGV, 1, 3)
local function make(name)
  return not redis.pcall('XGROUP', 'CREATE', prefix .. ':' .. name, group, '0', 'MKSTREAM').err
end
local made = false
for _, name in ipairs({ 'hi', 'no', 'lo', 'audit' }) do made = make(name) or made end
for depth = 1, DEPTH_MAX - 1 do made = make('d' .. depth) or made end
if made then redis.call('SET', prefix .. ':grace', '1', 'PX', grace) end
-- The queue of this host's sessions, unless the others have taken it for dead.
if redis.call('EXISTS', prefix .. ':dead:' .. me) == 0 then
  make('to:' .. me)
  redis.call('SADD', prefix .. ':holders', me)
end
return 'ok'
