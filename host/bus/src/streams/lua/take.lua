-- Reads what there is room for: calls by skills, the deepest first; then, with the room for calls from
-- outside, this host's sessions and the lanes by turns, each of these up to its quota; then, with what is left
-- of it, whoever has more. `order` says which lane each slot goes to.
local group, me, turn, order, total = unpack(ARGV, 1, 5)
total = tonumber(total)
local taken = {}
-- Reads up to `count` of the queue `at` in the answer, and says whether there may be more.
local function take(at, name, count)
  taken[at] = taken[at] or {}
  count = math.min(count, total)
  if count < 1 then return true end
  local stream = prefix .. ':' .. name
  -- Most queues are empty most of the time, and this is the cheapest way to know.
  if redis.call('XLEN', stream) == 0 then return false end
  local read = redis.call('XREADGROUP', 'GROUP', group, me, 'COUNT', count, 'STREAMS', stream, '>')
  local entries = read and read[1][2] or {}
  for _, entry in ipairs(entries) do table.insert(taken[at], entry) end
  total = total - #entries
  return #entries == count
end
local at = 1
for depth = DEPTH_MAX - 1, 1, -1 do
  take(at, 'd' .. depth, tonumber(ARGV[6 + depth]))
  at = at + 1
end
-- From here on, `total` is the room for calls from outside.
total = math.min(total, tonumber(ARGV[6]))
local sessions = 'to:' .. me
local more = { take(at, sessions, math.floor((total + turn) / 2)) }
local names, quotas = { 'hi', 'no', 'lo' }, { 0, 0, 0 }
for slot = 1, total do
  local lane = string.byte(order, slot) - 47
  quotas[lane] = quotas[lane] + 1
end
for lane = 1, 3 do more[lane + 1] = take(at + lane, names[lane], quotas[lane]) end
for lane = 1, 3 do
  if more[lane + 1] then take(at + lane, names[lane], total) end
end
if more[1] then take(at, sessions, total) end
return taken
