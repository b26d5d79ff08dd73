-- What waits: the calls admitted, the audit records, then for each queue how many calls and for how many milliseconds.
local group = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function field(list, name)
  for at = 1, #list, 2 do if list[at] == name then return list[at + 1] end end
end
local answer = { tonumber(redis.call('HGET', state, 'depth') or 0), redis.call('XLEN', prefix .. ':audit') }
for at = 2, #ARGV do
  local stream = prefix .. ':' .. ARGV[at]
  local calls, age = redis.call('XLEN', stream), 0
  if calls > 0 then
    for _, found in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
      if field(found, 'name') == group then
        -- What was read stays until it is settled.
        calls = math.max(0, calls - field(found, 'pending'))
        local first = redis.call('XRANGE', stream, '(' .. field(found, 'last-delivered-id'), '+', 'COUNT', 1)[1]
        if first then age = math.max(0, now - string.match(first[1], '^%d+')) end
      end
    end
  end
  table.insert(answer, calls)
  table.insert(answer, age)
end
return answer
