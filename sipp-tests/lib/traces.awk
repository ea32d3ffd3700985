# SPDX-License-Identifier: GPL-2.0-or-later
# traces.awk - find what no reply may contain, in raw messages (one per file)
# and in SIPp's message traces (messages follow a line "... message received
# [N] bytes :").  Prints one finding a line.
function say(what) { printf "%s:%d: %s\n", FILENAME, FNR, what }
function message_start() { head = 1; status = ""; contacts = 0 }

FNR == 1 { trace = FILENAME ~ /\.msg$/; received = !trace; message_start() }
trace && /^-----------/ { received = 0 }
trace && / message received \[[0-9]+\] bytes/ {
	received = 1
	message_start()
	next
}
!received { next }

# A node speaks for itself with its own address only: replies and later
# requests must not come back to whichever node has the service address then.
head && status == "" && /^Via:.*(192\.0\.2\.53|2001:db8:53::53)/ {
	say("sent from the service address: " $0)
}
head && /^(Record-Route|Path|Service-Route):.*(192\.0\.2\.53|2001:db8:53::53)/ {
	say("a route through the service address: " $0)
}
/<null>/ { say("<null>: " $0) }
head && /^SIP\/2\.0 / { status = $2 }
head && !trace && !/\r$/ && !/^closed/ { say("a line without CR: " $0) }
head && /\r./ { say("a bare CR: " $0) }
head && /^(Contact|m)[ \t]*:/ {
	contacts++
	if (status ~ /^3/ && contacts > 1 && several !~ /contacts/)
		say("a second Contact header: " $0)
	if (status ~ /^3/ && /,[ ]*</ && several !~ /contacts/)
		say("a second Contact: " $0)
}
head && status ~ /^[2-6]/ && /^To:/ && !/;tag=/ { say("no To-tag: " $0) }
/^\r?$/ && status != "" { head = 0 }
