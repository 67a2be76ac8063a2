-- What wrk sends, told by the environment: OP, BASE, LIST (the query of the list), PATCH (the method), ROWS, CALLER (a bearer token),
-- BODY (what `send` sends).
-- Prints one line of JSON at the end.
local op = os.getenv('OP')
local base = os.getenv('BASE')
local patch = os.getenv('PATCH')
local rows = tonumber(os.getenv('ROWS'))
local run = os.getenv('RUN')
local query = os.getenv('LIST')
local body = os.getenv('BODY')
local json = { ['content-type'] = 'application/json' }
local caller = os.getenv('CALLER')
if caller then
  json['authorization'] = 'Bearer ' .. caller
  wrk.headers['authorization'] = 'Bearer ' .. caller
end
local list = nil
local count = 0
-- Every run sends the same requests in the same order.
local state = 20240229

local function id()
  state = (state * 1664525 + 1013904223) % 4294967296
  return math.floor(state / 4294967296 * rows) + 1
end

local function get() return wrk.format('GET', base .. '/' .. id()) end

-- A title of its own each time, so that each is a change.
local function change()
  return wrk.format(patch, base .. '/' .. id(), json, '{"title":"Changed ' .. run .. '-' .. count .. ' of the list"}')
end

local kinds = {
  get = get,
  -- The same 100 rows again and again.
  hot = function() return wrk.format('GET', base .. '/' .. id() % 100 + 1) end,
  -- Whoever has it already; answered in full where nobody knows about versions.
  unchanged = function() return wrk.format('GET', base .. '/' .. id() % 100 + 1, { ['if-none-match'] = '*' }) end,
  list = function()
    list = list or wrk.format('GET', base .. query)
    return list
  end,
  patch = change,
  post = function()
    return wrk.format('POST', base, json, '{"title":"Created ' .. run .. '-' .. count .. ' of the list","done":0}')
  end,
  -- The same again and again.
  send = function() return wrk.format('POST', base, json, body) end,
  mixed = function()
    if count % 10 == 0 then return change() end
    return get()
  end,
}

request = function()
  count = count + 1
  return kinds[op]()
end

done = function(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  print(string.format(
    '{"requests":%d,"seconds":%f,"failed":%d,"p50":%f,"p99":%f}',
    summary.requests, summary.duration / 1e6, failed, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
