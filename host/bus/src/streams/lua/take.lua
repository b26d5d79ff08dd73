-- Reads up to the quota of each lane, then gives what a lane left over to the others.
local group, consumer, slots = ARGV[1], ARGV[2], tonumber(ARGV[3])
local lanes = { 'hi', 'no', 'lo' }
local taken = { {}, {}, {} }
local function take(at, count)
  if count < 1 then return end
  local stream = prefix .. ':' .. lanes[at]
  local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS', stream, '>')
  if not read then return end
  for _, entry in ipairs(read[1][2]) do
    table.insert(taken[at], entry)
    slots = slots - 1
  end
end
local full = {}
for at = 1, 3 do
  local quota = tonumber(ARGV[3 + at])
  take(at, quota)
  full[at] = #taken[at] == quota
end
for at = 1, 3 do
  if full[at] then take(at, slots) end
end
return taken
