/**
 * What `redisStore` does on the server, each as one script. KEYS: run, metrics, held, and how keys of bytes begin.
 * ARGV: id of the store, milliseconds of its hold, seconds until the run expires, and what the script is of.
 */

/** Goes on only for the holder, also one whose hold has expired and whom nobody has followed. Otherwise: who is it. */
const onlyHolder = `
local held = redis.call('GET', KEYS[3])
local owner = redis.call('HGET', KEYS[1], 'owner')
if (held or owner) ~= ARGV[1] then return redis.call('HGET', KEYS[1], 'ownerName') or '' end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
`;

const expire = `
local function expire()
  for i = 1, 2 do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(field, 1, 11) == 'checkpoint:' then
      redis.call('EXPIRE', KEYS[4] .. redis.call('HGET', KEYS[1], field), ARGV[3])
    end
  end
end
`;

/** Steps newest first; a checkpoint goes with its bytes, unless another one has the same. `dropped` names those bytes. */
const checkpoints = `
local function steps()
  local found = {}
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    local step = string.match(field, '^checkpoint:(%d+)$')
    if step then table.insert(found, step) end
  end
  table.sort(found, function(a, b) return tonumber(a) > tonumber(b) end)
  return found
end
local dropped = {'OK'}
local function drop(step)
  local hash = redis.call('HGET', KEYS[1], 'checkpoint:' .. step)
  redis.call('HDEL', KEYS[1], 'checkpoint:' .. step)
  for _, other in ipairs(steps()) do
    if redis.call('HGET', KEYS[1], 'checkpoint:' .. other) == hash then return end
  end
  redis.call('DEL', KEYS[4] .. hash)
  table.insert(dropped, hash)
end
`;

type ScriptName =
  "create" | "hold" | "renew" | "release" | "discard" | "set" | "append" | "checkpoint" | "rewind" | "pieces";

export const scripts: Readonly<Record<ScriptName, string>> = {
  create: `
if redis.call('HEXISTS', KEYS[1], 'manifest') == 1 then return 'EXISTS' end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'manifest', ARGV[5], 'owner', ARGV[1], 'ownerName', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
return 'OK'`,
  hold: `
local before = redis.call('HGET', KEYS[1], 'ownerName') or ''
if redis.call('EXISTS', KEYS[3]) == 1 then return {'BUSY', before} end
local outcome = redis.call('HEXISTS', KEYS[1], 'owner') == 1 and 'TAKEN' or 'OK'
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'ownerName', ARGV[4])
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
return {outcome, before}`,
  renew: `
if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('PEXPIRE', KEYS[3], ARGV[2]) end
return 'OK'`,
  release: `
if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('HDEL', KEYS[1], 'owner', 'ownerName') end
return 'OK'`,
  discard: `${onlyHolder}${checkpoints}
for _, step in ipairs(steps()) do drop(step) end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return dropped`,
  set: `${onlyHolder}${expire}
redis.call('HSET', KEYS[1], ARGV[4], ARGV[5])
expire()
return 'OK'`,
  append: `${onlyHolder}${expire}
for i = 4, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
expire()
return 'OK'`,
  checkpoint: `${onlyHolder}${expire}${checkpoints}
if redis.call('HEXISTS', KEYS[1], 'checkpoint:' .. ARGV[4]) == 1 then drop(ARGV[4]) end
if ARGV[8] == '0' then redis.call('SET', KEYS[4] .. ARGV[5], ARGV[6]) end
redis.call('HSET', KEYS[1], 'checkpoint:' .. ARGV[4], ARGV[5])
for i, step in ipairs(steps()) do
  if i > tonumber(ARGV[7]) then drop(step) end
end
expire()
return dropped`,
  rewind: `${onlyHolder}${expire}${checkpoints}
redis.call('HDEL', KEYS[1], 'artifact:evaluation', 'artifact:figures')
for _, step in ipairs(steps()) do
  if tonumber(step) > tonumber(ARGV[4]) then drop(step) end
end
if tonumber(ARGV[5]) == 0 then redis.call('DEL', KEYS[2])
else redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[5]) - 1) end
expire()
return dropped`,
  pieces: `${onlyHolder}${checkpoints}
for _, step in ipairs(steps()) do table.insert(dropped, redis.call('HGET', KEYS[1], 'checkpoint:' .. step)) end
return dropped`,
};
