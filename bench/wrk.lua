-- Sends what a file holds, one raw request after the other, over and over; prints one line of JSON.
-- Each request stands behind a line with its length in bytes. `{new}` in one is the second argument
-- and a number, new each time.

local requests, at, number, prefix = {}, 0, 0, ""

local function split(text)
  local first, last = text:find("{new}", 1, true)
  return first and {text:sub(1, first - 1) .. prefix, text:sub(last + 1)} or text
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  prefix = args[2] .. "-"
  local length = file:read("*l")
  while length do
    requests[#requests + 1] = split(file:read(tonumber(length)))
    length = file:read("*l")
  end
end

function request()
  at = at % #requests + 1
  local parts = requests[at]
  if type(parts) == "string" then return parts end
  number = number + 1
  return parts[1] .. number .. parts[2]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "failed": %d, "p50": %f, "p99": %f}\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
