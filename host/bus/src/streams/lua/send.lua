-- Admits an entry, charges it to its quotas, and queues it or puts it behind its saturated skill. Says which bound
-- stood in the way, else how far each rate is drawn down (see RateLevel in skep-core for its units).
local call, name, share, header, payload, mac = unpack(ARGV, 1, 6)
local concurrency, waiting_max, depth_max, bytes_max, audit_max = unpack(ARGV, 7, 11)
-- From here on, four for each quota: whose it is, how many of its calls may be under way, and the calls and the
-- milliseconds of its rate; 0 for what it doesn't bound.
local QUOTAS_FROM = 12
local size = #header + #payload
-- A session is served by the host that holds it, or by nobody. While hosts report anew after Redis lost its
-- data, there is no telling who lives.
local holder = string.match(name, '^to:(.*)')
if holder then
  local holders = prefix .. ':holders'
  local lives = redis.call('SISMEMBER', holders, holder) * redis.call('EXISTS', prefix .. ':lease:' .. holder)
  local sure = redis.call('EXISTS', holders) - redis.call('EXISTS', prefix .. ':grace')
  if lives == 0 then return sure == 1 and 'gone' or 'unsure' end
end
local now = redis.call('HMGET', state, 'depth', 'bytes', 'run:' .. share, 'call:' .. call)
local depth, bytes, run = tonumber(now[1] or 0), tonumber(now[2] or 0), tonumber(now[3] or 0)
if now[4] then return 'duplicate' end
local counted, drawn
if ARGV[QUOTAS_FROM] then
  counted, drawn = {}, {}
  local time = redis.call('TIME')
  local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
  for at = QUOTAS_FROM, #ARGV, 4 do
    local whose, number = ARGV[at], (at - QUOTAS_FROM) / 4
    local under_way_max, calls, window = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    if under_way_max > 0 then
      local under_way = tonumber(redis.call('HGET', state, 'under-way:' .. whose) or 0)
      if under_way >= under_way_max then return { 'under-way', number } end
      table.insert(counted, whose)
    end
    if calls > 0 then
      -- A rate that was changed begins anew, under another name.
      local bucket = prefix .. ':rate:' .. whose .. ':' .. calls .. '/' .. window
      local debt, since = string.match(redis.call('GET', bucket) or '', '^(%d+) (%d+)$')
      local back = math.min(math.max(now_ms - (since or now_ms), 0), window) * calls
      debt = math.max((debt or 0) - back, 0)
      if debt + window > calls * window then return { 'rate', number, debt } end
      debt = debt + window
      table.insert(drawn, { bucket = bucket, debt = debt, since = now_ms, full_in = math.ceil(debt / calls) })
    end
  end
end
if depth >= tonumber(depth_max) then return 'depth' end
if bytes + size > tonumber(bytes_max) then return 'bytes' end
if redis.call('XLEN', prefix .. ':audit') + depth >= tonumber(audit_max) then return 'audit' end
local place
if run < tonumber(concurrency) then
  place = queue(name, size, 1, header, payload, mac)
  run = run + 1
else
  local list = 'wait:' .. share
  if redis.call('XLEN', prefix .. ':' .. list) >= tonumber(waiting_max) then return 'waiting' end
  local id = redis.call('XADD', prefix .. ':' .. list, '*',
    'i', call, 'q', name, 'c', concurrency, 'h', header, 'p', payload, 'm', mac)
  place = list .. ' ' .. id .. ' ' .. size .. ' 0 ' .. name
end
redis.call('HSET', state, 'depth', depth + 1, 'bytes', bytes + size, 'run:' .. share, run, 'call:' .. call, place)
if not ARGV[QUOTAS_FROM] then return 'ok' end
local answer = { 'ok' }
for _, rate in ipairs(drawn) do
  redis.call('SET', rate.bucket, string.format('%.0f %.0f', rate.debt, rate.since), 'PX', rate.full_in)
  table.insert(answer, rate.debt)
end
for _, whose in ipairs(counted) do redis.call('HINCRBY', state, 'under-way:' .. whose, 1) end
if #counted > 0 then redis.call('HSET', state, 'charged:' .. call, table.concat(counted, ' ')) end
return answer
