/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of the daemon: one table. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/nodestate.h"
#include "rtp-pinner/daemon/conf_priv.h"

#define WHY(...) ((void)snprintf(why, KEY_WHY_MAX, __VA_ARGS__))

/* "%.*s" of a slice, short enough for a line. */
#define SHORT(s) (int)((s).len < 60 ? (s).len : 60), (s).text

/* LOCAL or LOCAL!ADVERTISED */
static int parse_media(void *base, const struct key *key, struct slice value,
		       char why[static KEY_WHY_MAX])
{
	struct conf *conf = base;
	struct addr *local4 = &conf->media4, *local6 = &conf->media6;
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	(void)key;
	conf->media4 = conf->media6 = (struct addr){ 0 };
	conf->advertised4 = conf->advertised6 = (struct addr){ 0 };
	while (value_next(&c, &begun, &element)) {
		struct cursor e = cursor_of(element.text, element.len);
		struct slice text = slice_trim(cursor_until(&e, "!"));
		struct addr local, advertised;
		bool is4;

		if (addr_parse(&local, text.text, text.len) ||
		    !addr_is_unicast(&local)) {
			WHY("`%.*s' is no unicast address", SHORT(text));
			return EINVAL;
		}
		addr_unmap(&local);
		advertised = local;
		if (cursor_left(&e)) {
			cursor_byte(&e);
			text = slice_trim(cursor_take(&e, cursor_left(&e)));
			if (!addr_parse(&advertised, text.text, text.len))
				addr_unmap(&advertised);
			if (!addr_is_unicast(&advertised) ||
			    advertised.family != local.family) {
				WHY("`%.*s' is no unicast IPv%u address",
				    SHORT(text), local.family);
				return EINVAL;
			}
		}
		is4 = local.family == ADDR_IP4;
		if (addr_is_set(is4 ? local4 : local6)) {
			WHY("`%.*s' is a second IPv%u address", SHORT(element),
			    local.family);
			return EINVAL;
		}
		*(is4 ? local4 : local6) = local;
		*(is4 ? &conf->advertised4 : &conf->advertised6) = advertised;
	}
	return 0;
}

/* ---- the table */

static_assert(sizeof(enum relay_kind) == sizeof(unsigned) &&
	      sizeof(enum site_gate) == sizeof(unsigned) &&
	      sizeof(enum log_level) == sizeof(unsigned),
	      "key_word() stores an unsigned");

static const char *const relay_words[] = {
	[RELAY_AUTO] = "auto", [RELAY_RANGE] = "range",
	[RELAY_SOCKETS] = "sockets", NULL
};
/* prefix needs its prefixes: per call and per peer only */
static const char *const gate_words[] = {
	[SITE_GATE_STRICT] = "strict", [SITE_GATE_PREFIX] = "",
	[SITE_GATE_LEARN] = "learn", [SITE_GATE_OFF] = "off", NULL
};
static const char *const level_words[] = {
	[LOG_LEVEL_ERR] = "err", [LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info", [LOG_LEVEL_DEBUG] = "debug", NULL
};

#define AT(field_) .at = offsetof(struct conf, field_), \
	.room = sizeof(((struct conf *)0)->field_)
#define LIST(field_, cnt_, max_) .at = offsetof(struct conf, field_), \
	.also_at = offsetof(struct conf, cnt_), .room = (max_)
#define TIME(field_, min_, max_, dflt_) .parse = key_duration, AT(field_), \
	.min = (min_), .max = (max_), .dflt = (dflt_)
#define A_PATH .parse = key_path, .allowed = "a path that begins with /"
#define ENDPOINTS .parse = key_endpoints, \
	.allowed = "ADDRESS:PORT, several with commas between them; IPv6 in " \
		   "brackets"
#define PREFIXES .parse = key_prefixes, \
	.allowed = "addresses or prefixes (ADDRESS/LENGTH) with commas " \
		   "between them"
#define HOUR_MS 3600000

/* clang-format off */
const struct key conf_keys[CONF_KEYS] = {
	[CONF_SITE] = { "site", "The site and this node", key_text,
		AT(site_path), .allowed = "the path of a file",
		.dflt = "/etc/sip-anycast/site.conf",
		.help = "The site file: service addresses, nodes and peers, "
			"the same on every node." },
	[CONF_NODE] = { "node", NULL, key_name, AT(node_name),
		.allowed = "a node of the site file: a-z, 0-9 and '-'",
		.dflt_note = "the host name", .example = "fra1",
		.help = "Which node of the site file this machine is." },
	[CONF_NODE_STATE] = { "node-state", NULL, A_PATH, AT(node_state),
		.dflt = NODESTATE_PATH,
		.help = "Where the health agent or anycastctl writes what "
			"this node is doing; a draining node takes no new "
			"calls." },
	[CONF_STATE_DIR] = { "state-dir", NULL, A_PATH, AT(state_dir),
		.dflt = "/run/sip-anycast/rtp-pinner",
		.help = "What a restarted daemon finds its calls by; the "
			"folder must outlive the daemon, but no reboot." },
	[CONF_PID_FILE] = { "pid-file", NULL, A_PATH, AT(pid_file),
		.dflt_note = "rtp-pinner.pid in state-dir",
		.example = "/run/sip-anycast/rtp-pinner/rtp-pinner.pid",
		.help = "Where the health agent finds the process it watches." },
	[CONF_LOG_LEVEL] = { "log-level", NULL, key_word, AT(log_level),
		.words = level_words, .dflt = "info",
		.help = "How much is written to stderr: debug has a line for "
			"each call." },

	[CONF_LISTEN] = { "listen", "Control: the ng protocol, from Kamailio",
		ENDPOINTS, LIST(listen, listen_cnt, CONF_LISTEN_MAX),
		.dflt = "127.0.0.1:2223",
		.help = "Where commands arrive, over UDP.  There is no "
			"password: keep it on loopback." },
	[CONF_ALLOW] = { "allow", NULL, PREFIXES,
		LIST(allow, allow_cnt, CONF_PREFIXES_MAX),
		.dflt = "127.0.0.0/8, ::1",
		.help = "Which sources may send commands.  Others are counted "
			"and get no answer." },
	[CONF_METRICS] = { "metrics", NULL, ENDPOINTS,
		LIST(metrics, metrics_cnt, CONF_METRICS_MAX),
		.dflt_note = "no HTTP", .example = "127.0.0.1:9103",
		.help = "Where Prometheus fetches figures, over HTTP." },

	[CONF_MEDIA_ADDRESS] = { "media-address", "Media", parse_media,
		AT(media4),
		.allowed = "LOCAL or LOCAL!ADVERTISED, one of each family, "
			   "with a comma between them",
		.dflt_note = "the node's addresses in the site file",
		.example = "198.51.100.11, 2001:db8:1::11",
		.help = "Where media comes to, and what SDPs say.  ADVERTISED "
			"differs behind a 1:1 NAT.  Never a service address: "
			"media must stay on one node." },
	[CONF_PORT_MIN] = { "port-min", NULL, key_number, AT(port_min),
		.min = 1024, .max = 65534, .dflt = "30000",
		.help = "First UDP port of media.  The range must be in "
			"net.ipv4.ip_local_reserved_ports or outside "
			"ip_local_port_range (--reserve-ports; the systemd "
			"unit does)." },
	[CONF_PORT_MAX] = { "port-max", NULL, key_number, AT(port_max),
		.min = 1025, .max = 65535, .dflt = "40000",
		.help = "Last UDP port of media.  A call takes 4 ports, or 2 "
			"where both phones do rtcp-mux." },
	[CONF_RELAY] = { "relay", NULL, key_word, AT(relay),
		.words = relay_words, .dflt = "auto",
		.help = "range: one socket per thread for all ports, steered "
			"by the kernel (needs CAP_BPF, CAP_NET_ADMIN, "
			"CAP_NET_RAW).  sockets: one socket per port.  auto: "
			"range where it is permitted." },
	[CONF_THREADS] = { "threads", NULL, key_number, AT(threads),
		.min = 1, .max = RELAY_THREADS_MAX,
		.dflt_note = "one for each processor",
		.example = "2",
		.help = "How many threads relay media." },
	[CONF_DSCP] = { "dscp", NULL, key_number, AT(dscp), .max = 63,
		.dflt = "46",
		.help = "Differentiated services code point of the packets "
			"sent (46: expedited forwarding; 0: none); TOS of a "
			"command wins." },

	[CONF_GATE] = { "gate", "Whose media is let in", key_word, AT(gate),
		.words = gate_words, .dflt = "strict",
		.help = "strict: the addresses a call's signalling has named.  "
			"learn: the first source that sends.  off: any source, "
			"at any time.  A command, or a peer of the site file, "
			"may say otherwise; leave this one strict." },
	[CONF_TRUSTED_PROXIES] = { "trusted-proxies", NULL, PREFIXES,
		LIST(trusted_proxies, trusted_proxy_cnt, CONF_PREFIXES_MAX),
		.dflt_note = "none", .example = "198.51.100.2",
		.help = "SIP proxies in front of Kamailio: no media comes "
			"from them, so received-from never opens the gate to "
			"them." },

	[CONF_MAX_SESSIONS] = { "max-sessions", "Limits", key_number,
		AT(max_sessions), .min = 1, .max = 1000000,
		.dflt_note = "what the ports allow", .example = "2000",
		.help = "How many calls at a time; further ones are sent to "
			"another node (load limit)." },
	[CONF_MAX_PACKET_RATE] = { "max-packet-rate", NULL, key_number,
		AT(max_packet_rate), .max = 1000000, .dflt = "5000",
		.help = "Packets per second a port accepts; 0: any.  A voice "
			"stream has 50." },
	[CONF_MAX_CALL_PORTS] = { "max-call-ports", NULL, key_number,
		AT(max_call_ports), .max = 65535, .dflt = "512",
		.help = "Ports one call may hold, with all its streams and "
			"branches; 0: any.  A voice call has 4." },
	[CONF_OFFER_TIMEOUT] = { "offer-timeout", NULL,
		TIME(offer_timeout_ms, 1000, 24 * HOUR_MS, "5m"),
		.help = "A call ends when its offer got no answer for so "
			"long." },
	[CONF_SILENCE_TIMEOUT] = { "silence-timeout", NULL,
		TIME(silence_timeout_ms, 1000, 24 * HOUR_MS, "60s"),
		.help = "A call ends when no packet came from any side for so "
			"long: its BYE was lost." },
	[CONF_HOLD_TIMEOUT] = { "hold-timeout", NULL,
		TIME(hold_timeout_ms, 1000, 24 * HOUR_MS, "1h"),
		.help = "The same while a call is on hold." },
	[CONF_DELETE_DELAY] = { "delete-delay", NULL,
		TIME(delete_delay_ms, 0, HOUR_MS, "30s"),
		.help = "How long media goes on after a delete, unless the "
			"command says otherwise; an offer or an answer "
			"revokes it." },
	[CONF_QUARANTINE] = { "quarantine", NULL,
		TIME(quarantine_ms, 0, HOUR_MS, "2s"),
		.help = "How long a port rests after a call, so that late "
			"packets reach no other one." },
};
/* clang-format on */

const struct key_table conf_table = { conf_keys, CONF_KEYS };
