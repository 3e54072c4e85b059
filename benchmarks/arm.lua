-- What wrk asks, in turns: the method, the paths and bodies, one a line, in files that the environment names.
local function lines(name)
  local found = {}
  for line in io.lines(os.getenv(name)) do
    found[#found + 1] = line
  end
  return found
end

local paths, bodies, turn = lines("PATHS"), lines("BODIES"), 0
wrk.method = os.getenv("METHOD")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["CommandName"] = "acr update"
wrk.headers["Authorization"] = os.getenv("TOKEN")

request = function()
  turn = turn + 1
  local round = math.floor(turn / #paths)
  local body = bodies[round % #bodies + 1]
  return wrk.format(nil, paths[turn % #paths + 1], nil, body)
end
