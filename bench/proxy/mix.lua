-- Asks for each path in turn, each time with the next token: wrk -s mix.lua URL -- PATHS TOKENS RATE
-- PATHS and TOKENS are files with one in a line; RATE is requests a second, 0 for as many as it can.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } bench_time;
  int clock_gettime(int clock, bench_time *time);
]]
local MONOTONIC = 1
local requests, at, sent, began, rate = {}, 0, 0, nil, 0

local function lines(name)
  local found = {}
  for line in io.lines(name) do
    if line ~= "" then table.insert(found, line) end
  end
  return found
end

local function now()
  local time = ffi.new("bench_time")
  ffi.C.clock_gettime(MONOTONIC, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

function init(arguments)
  local paths, tokens = lines(arguments[1]), lines(arguments[2])
  rate = tonumber(arguments[3])
  if rate == 0 then delay = nil end
  -- Each round over the paths starts with another token, so that every pair comes in time.
  local count = math.max(#paths, #tokens) * 4
  for i = 0, count - 1 do
    local headers = { ["accept"] = "application/json", ["accept-encoding"] = "gzip, deflate" }
    headers["user-agent"] = "npm/11.6.2 node/v24.11.0 linux x64 workspaces/false"
    if #tokens > 0 then
      local round = math.floor(i / #paths)
      headers["authorization"] = "Bearer " .. tokens[(i + round) % #tokens + 1]
    end
    table.insert(requests, wrk.format("GET", paths[i % #paths + 1], headers))
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

-- Milliseconds until the next request is due, by the time since the first one.
function delay()
  if began == nil then began = now() end
  sent = sent + 1
  local early = began + sent / rate - now()
  if early <= 0 then return 0 end
  return math.floor(early * 1000)
end

function done(summary, latency, _)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "lost": %d, "refused": %d, "bytes": %d, ' ..
    '"p50": %.6f, "p99": %.6f, "longest": %.6f}\n',
    summary.requests, summary.duration / 1e6, lost, errors.status, summary.bytes,
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6, latency.max / 1e6))
end
