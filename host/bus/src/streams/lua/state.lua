-- Changes one key of a skill's hot state: three keys, of values, of names in order, and of the bytes of both.
-- Says which limit stood in the way, else whether the change was made and what is there now.
local skill, key, bytes_max, keys_max, what = unpack(ARGV, 1, 5)
local values, names = prefix .. ':hot:' .. skill, prefix .. ':hot-names:' .. skill
local bytes = prefix .. ':hot-bytes:' .. skill
-- The largest 64-bit number. Numbers here are exact to 2^53 only, so digits are added in two halves.
local LARGEST, HALF = '18446744073709551615', 10

local function digits(text)
  local found = string.match(text, '^%+?(%d+)$')
  if not found then return nil end
  found = string.gsub(found, '^0+', '')
  if #found > #LARGEST then return nil end
  return string.rep('0', 2 * HALF - #found) .. found
end

local function sum(a, b)
  a, b = digits(a), digits(b)
  if not a or not b then return nil end
  local low = tonumber(string.sub(a, HALF + 1)) + tonumber(string.sub(b, HALF + 1))
  local carry = low >= 1e10 and 1 or 0
  local high = tonumber(string.sub(a, 1, HALF)) + tonumber(string.sub(b, 1, HALF)) + carry
  local total = string.format('%010.0f%010.0f', high, low - carry * 1e10)
  if #total > #LARGEST or total > LARGEST then return nil end
  total = string.gsub(total, '^0+', '')
  return total == '' and '0' or total
end

local now = redis.call('HGET', values, key)
local value = false
if what == 'set' then
  value = ARGV[6]
elseif what == 'increment' then
  value = sum(now or '0', ARGV[6])
  if not value then return { 'number' } end
elseif what == 'swap' then
  -- '' is no value, '+' stands before one.
  local expected = ARGV[6] ~= '' and string.sub(ARGV[6], 2)
  if now ~= expected then return { 'kept', now } end
  value = ARGV[7] ~= '' and string.sub(ARGV[7], 2)
end

local was, will = now and #key + #now or 0, value and #key + #value or 0
local total = tonumber(redis.call('GET', bytes) or 0) + will - was
if will > was and total > tonumber(bytes_max) then return { 'bytes' } end
if value and not now and redis.call('ZCARD', names) >= tonumber(keys_max) then return { 'keys' } end
if value then
  redis.call('HSET', values, key, value)
  redis.call('ZADD', names, 0, key)
else
  redis.call('HDEL', values, key)
  redis.call('ZREM', names, key)
end
redis.call('SET', bytes, total)
return { 'made', value }
