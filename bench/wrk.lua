-- Sends what a file holds, one raw request after the other, over and over; prints one line of JSON.
-- Each request stands behind a line with its length in bytes. `{new}` in one, wherever it stands, is
-- the second argument and a number of ten digits, new each time.

local requests, at, number, prefix = {}, 0, 0, ""

local function split(text)
  local parts, start, first, last = {}, 1, text:find("{new}", 1, true)
  while first do
    parts[#parts + 1] = text:sub(start, first - 1)
    start = last + 1
    first, last = text:find("{new}", start, true)
  end
  parts[#parts + 1] = text:sub(start)
  return #parts > 1 and parts or text
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
  return table.concat(parts, prefix .. string.format("%010d", number))
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "failed": %d, "p50": %f, "p99": %f}\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
