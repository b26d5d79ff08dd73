-- Makes the groups that are missing, from the first entry on. Where they were, Redis has lost its data,
-- leases too: so nobody is taken for dead until every host had time to renew.
local group, grace = unpack(ARGV, 1, 2)
local made = false
for _, name in ipairs({ 'hi', 'no', 'lo', 'audit' }) do
  local answer = redis.pcall('XGROUP', 'CREATE', prefix .. ':' .. name, group, '0', 'MKSTREAM')
  made = made or not answer.err
end
if made then redis.call('SET', prefix .. ':grace', '1', 'PX', grace) end
return 'ok'
