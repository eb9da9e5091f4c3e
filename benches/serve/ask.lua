-- Asks for the paths in a file, again and again; each thread begins at another one.

local paths, at = {}, 0
local threads = 0

function setup(thread)
  thread:set("first", threads * 499)
  threads = threads + 1
end

function init(args)
  for line in io.lines(args[1]) do
    paths[#paths + 1] = wrk.format("GET", line)
  end
  at = first
end

function request()
  at = at % #paths + 1
  return paths[at]
end

function done(summary)
  print(string.format("bytes a second: %.0f", summary.bytes / (summary.duration / 1e6)))
end
