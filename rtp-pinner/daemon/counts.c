/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/counts.h"

const struct counter_desc pinner_counter_desc[PINNER_COUNTERS] = {
	[PINNER_C_DATAGRAMS] = { "ng_datagrams_total",
				 "Datagrams at the ng socket." },
	[PINNER_C_NOT_ALLOWED] = { "ng_not_allowed_total",
				   "Datagrams dropped: the source is not in "
				   "`allow'." },
	[PINNER_C_NO_COOKIE] = { "ng_no_cookie_total",
				 "Datagrams dropped: no cookie, so nothing to "
				 "answer." },
	[PINNER_C_BROKEN] = { "ng_broken_total",
			      "Datagrams that are neither bencode nor JSON." },
	[PINNER_C_NO_COMMAND] = { "ng_no_command_total",
				  "Commands that are unknown or lack a key." },
	[PINNER_C_TRUNCATED] = { "ng_truncated_total",
				 "Datagrams dropped: longer than the receive "
				 "buffer." },
	[PINNER_C_REPEATED] = { "ng_repeated_total",
				"Commands sent again, answered with the same "
				"bytes." },
	[PINNER_C_RECEIVE_ERRORS] = { "ng_receive_errors_total",
				      "Errors reading the ng socket." },
	[PINNER_C_REPLY_TOO_LONG] = { "ng_reply_too_long_total",
				      "Replies that do not fit into a "
				      "datagram." },
	[PINNER_C_REPLY_NOT_SENT] = { "ng_reply_not_sent_total",
				      "Replies the kernel did not take." },
	[PINNER_C_ERRORS] = { "ng_errors_total",
			      "Commands answered with an error." },
	[PINNER_C_LOAD_LIMITS] = { "ng_load_limits_total",
				   "Offers answered with `load limit' or its "
				   "error." },
	[PINNER_C_PROBES_REFUSED] = { "ng_probes_refused_total",
				      "Offers that say they are the health "
				      "agent's and are not: taken like any "
				      "other." },
	[PINNER_C_UNKNOWN_WORDS] = { "ng_unknown_words_total",
				     "Keys, flags and values nobody knows, "
				     "ignored." },
	[PINNER_C_REFUSED_WORDS] = { "ng_refused_words_total",
				     "Known flags of what this relay does not "
				     "do, ignored." },
	[PINNER_C_OSIP_REFUSED] = { "sdp_osip_refused_total",
				    "Bodies libosip2 refuses; its word decides "
				    "nothing." },
	[PINNER_C_STORE_FAILED] = { "store_failed_total",
				    "Calls that could not be written to the "
				    "call store." },
	[PINNER_C_STORE_DAMAGED] = { "store_damaged_total",
				     "Records of the call store that were "
				     "damaged, dropped." },
	[PINNER_C_ROWS_LEFT_OVER] = { "rows_left_over_total",
				      "Ports of an earlier run that no call "
				      "owns, closed." },
	[PINNER_C_NODE_STATE_BROKEN] = { "node_state_broken_total",
					 "Times the node state file could not "
					 "be read." },
	[PINNER_C_ENDED_ONE_WAY] = { "calls_ended_one_way_total",
				     "Ended calls with media from one side "
				     "only." },
	[PINNER_C_ENDED_NO_WAY] = { "calls_ended_no_way_total",
				    "Ended calls without any media." },
	[PINNER_C_SILENT_LEGS] = { "silent_legs_total",
				   "Legs that heard nothing while one stranger "
				   "sent RTP." },
	[PINNER_C_RTCP_READ] = { "rtcp_read_total",
				 "RTCP packets looked at for quality." },
	[PINNER_C_RTCP_NO_CALL] = { "rtcp_no_call_total",
				    "RTCP packets whose call was over "
				    "meanwhile." },
};
