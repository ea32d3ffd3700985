-- SPDX-License-Identifier: GPL-2.0-or-later
-- wrk script: every answer must be the redirect, body or not.
-- usage: wrk -s http-check.lua URL -- LOCATION
local wanted
local wrong = {}
local threads = {}

function setup(thread)
	table.insert(threads, thread)
end

function init(args)
	wanted = args[1]
	right, other_status, other_location = 0, 0, 0
end

function response(status, headers, body)
	if status ~= 302 then
		other_status = other_status + 1
	elseif headers["Location"] ~= wanted then
		other_location = other_location + 1
	else
		right = right + 1
	end
end

function done(summary, latency, requests)
	for _, thread in ipairs(threads) do
		for _, name in ipairs({ "right", "other_status", "other_location" }) do
			wrong[name] = (wrong[name] or 0) + thread:get(name)
		end
	end
	local e = summary.errors
	print(string.format("checked right=%d other_status=%d other_location=%d socket_errors=%d",
		wrong.right, wrong.other_status, wrong.other_location,
		e.connect + e.read + e.write + e.timeout))
end
