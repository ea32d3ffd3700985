-- SPDX-License-Identifier: GPL-2.0-or-later
-- wrk script for the measurement: plain requests, or many in one write, and
-- figures in a line that a shell can read.
-- usage: wrk -s http-load.lua URL -- [REQUESTS-PER-WRITE]
local batch

function init(args)
	local depth = tonumber(args[1] or "1")
	local one = wrk.format("GET")

	batch = string.rep(one, depth)
end

function request()
	return batch
end

function done(summary, latency, requests)
	local e = summary.errors
	print(string.format("load requests=%d us=%d bytes=%d p50_us=%d p99_us=%d status_errors=%d socket_errors=%d",
		summary.requests, summary.duration, summary.bytes,
		latency:percentile(50), latency:percentile(99), e.status,
		e.connect + e.read + e.write + e.timeout))
end
