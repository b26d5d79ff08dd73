-- The circuit breakers of a domain, by the rule of Breaker in skep-core: one hash, with a field for each skill that
-- failed and did not do well since. In each: failures, how the last of them failed, until when it is open (0: it is
-- closed), the pause in ms, the call that tries the skill (-: none), until when that may, the last change.
local what, skill, life = unpack(ARGV, 1, 3)
local key = prefix .. ':breakers'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function read(text)
  local pattern = '^(%d+) (%S+) (%d+) (%d+) (%S+) (%d+) (%d+)$'
  local failures, why, open, pause, trial, bound, changed = string.match(text or '', pattern)
  if not failures or now - changed > tonumber(life) then return nil end
  return { failures = tonumber(failures), why = why, open = tonumber(open), pause = tonumber(pause),
    trial = trial, bound = tonumber(bound) }
end

local function write(b)
  local text = string.format('%d %s %.0f %.0f %s %.0f %.0f', b.failures, b.why, b.open, b.pause, b.trial, b.bound, now)
  redis.call('HSET', key, skill, text)
  redis.call('PEXPIRE', key, life)
end

-- Failures, how the last one failed, the state, and when to come back in ms.
local function seen(b)
  if not b or b.open == 0 then return b and b.failures or 0, b and b.why or '-', 'closed', 0 end
  if now < b.open then return b.failures, b.why, 'open', b.open - now end
  local left = b.trial == '-' and 0 or math.max(b.bound - now, 0)
  return b.failures, b.why, 'half_open', math.min(left, b.pause)
end

if what == 'list' then
  local fields, answer = redis.call('HGETALL', key), {}
  for at = 1, #fields, 2 do
    local b = read(fields[at + 1])
    if b then
      for _, part in ipairs({ fields[at], seen(b) }) do table.insert(answer, part) end
    else
      redis.call('HDEL', key, fields[at])
    end
  end
  return answer
end

local b = read(redis.call('HGET', key, skill))
if what == 'reset' then
  redis.call('HDEL', key, skill)
  return { b and b.open > 0 and 'closed' or 'kept', seen(nil) }
end

local call = ARGV[4]
if what == 'ask' then
  local _, _, state, wait = seen(b)
  if state == 'closed' then return { 'free', seen(b) } end
  if wait > 0 then return { 'refused', seen(b) } end
  b.trial, b.bound = call, now + ARGV[5]
  write(b)
  return { 'trial', seen(b) }
end

local ending, failures, pause, pause_max, skills_max = unpack(ARGV, 5, 9)
local tried = b and b.open > 0
if tried and b.trial ~= call then return { 'kept', seen(b) } end
if ending == 'well' then
  redis.call('HDEL', key, skill)
  return { tried and 'closed' or 'kept', seen(nil) }
elseif ending == 'neither' then
  if tried then
    b.trial = '-'
    write(b)
  end
  return { 'kept', seen(b) }
end
if not b then
  if redis.call('HLEN', key) >= tonumber(skills_max) then return { 'kept', seen(nil) } end
  b = { failures = 0, open = 0, pause = 0, bound = 0 }
end
b.failures, b.why, b.trial = b.failures + 1, ending, '-'
local opens = tried or b.failures >= tonumber(failures)
if opens then
  b.pause = math.min(tried and b.pause * 2 or tonumber(pause), tonumber(pause_max))
  b.open = now + b.pause
end
write(b)
return { opens and 'open' or 'kept', seen(b) }
