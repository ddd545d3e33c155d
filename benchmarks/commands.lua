-- Requests for wrk: a file's first line is the body of all, each other line a path and a bearer token, taken in turns.
-- Without a body they are reads.
-- Every request has an Idempotency-Key of its own, which begins with the second argument.
local heads, tail, number = {}, "", 0

function init(arguments)
    local file = assert(io.open(arguments[1]))
    local body = file:read("*l")
    local method = body == "" and "GET " or "POST "
    for line in file:lines() do
        local path, token = line:match("^(%S+) (%S+)$")
        heads[#heads + 1] = method .. path .. " HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            .. "Authorization: Bearer " .. token .. "\r\nIdempotency-Key: " .. arguments[2]
    end
    file:close()
    tail = body == "" and "\r\n\r\n" or "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function request()
    number = number + 1
    return heads[(number - 1) % #heads + 1] .. number .. tail
end

function done(summary, latency, requests)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write("\n", summary.requests, " ", summary.duration, " ", failed)
    for tenth = 1, 1000 do
        io.write(" ", latency:percentile(math.min(tenth / 10, 99.999)))
    end
    io.write("\n")
end
