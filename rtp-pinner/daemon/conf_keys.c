/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of the daemon: one table, and one parser for each kind of value. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/nodestate.h"
#include "rtp-pinner/daemon/conf_priv.h"

static void *field(struct conf *conf, size_t at)
{
	return (char *)conf + at;
}

#define WHY(...) ((void)snprintf(why, CONF_WHY_MAX, __VA_ARGS__))

/* "%.*s" of a slice, short enough for a line. */
#define SHORT(s) (int)((s).len < 60 ? (s).len : 60), (s).text

/* ---- numbers */

static int parse_number(struct conf *conf, const struct conf_key *key,
			struct slice value, char why[static CONF_WHY_MAX])
{
	uint32_t number;

	(void)why;
	if (slice_u32(&number, value, (uint32_t)key->max) || number < key->min)
		return EINVAL;
	*(uint32_t *)field(conf, key->at) = number;
	return 0;
}

static int parse_port(struct conf *conf, const struct conf_key *key,
		      struct slice value, char why[static CONF_WHY_MAX])
{
	uint32_t number;

	(void)why;
	if (slice_u32(&number, value, (uint32_t)key->max) || number < key->min)
		return EINVAL;
	*(uint16_t *)field(conf, key->at) = (uint16_t)number;
	return 0;
}

static int parse_byte(struct conf *conf, const struct conf_key *key,
		      struct slice value, char why[static CONF_WHY_MAX])
{
	uint32_t number;

	(void)why;
	if (slice_u32(&number, value, (uint32_t)key->max) || number < key->min)
		return EINVAL;
	*(uint8_t *)field(conf, key->at) = (uint8_t)number;
	return 0;
}

static int parse_duration(struct conf *conf, const struct conf_key *key,
			  struct slice value, char why[static CONF_WHY_MAX])
{
	uint64_t ms;

	if (value_duration(&ms, value)) {
		uint32_t number;

		if (!slice_u32(&number, value, UINT32_MAX))
			WHY("it has no unit: %us?", number);
		return EINVAL;
	}
	if (ms < key->min || ms > key->max)
		return EINVAL;
	*(uint64_t *)field(conf, key->at) = ms;
	return 0;
}

static int parse_word(struct conf *conf, const struct conf_key *key,
		      struct slice value, char why[static CONF_WHY_MAX])
{
	static_assert(sizeof(enum relay_kind) == sizeof(unsigned) &&
		      sizeof(enum site_gate) == sizeof(unsigned) &&
		      sizeof(enum log_level) == sizeof(unsigned),
		      "enums are stored as unsigned");

	(void)why;
	for (unsigned i = 0; key->words[i]; i++) {
		if (key->words[i][0] &&
		    slice_equal(value, slice_str(key->words[i]))) {
			memcpy(field(conf, key->at), &i, sizeof(i));
			return 0;
		}
	}
	return EINVAL;
}

/* ---- text */

static int parse_text(struct conf *conf, const struct conf_key *key,
		      struct slice value, char why[static CONF_WHY_MAX])
{
	char *text = field(conf, key->at);

	if (value.len == 0) {
		WHY("it is empty");
		return EINVAL;
	}
	if (value.len >= key->room) {
		WHY("it is longer than %zu characters", key->room - 1);
		return EINVAL;
	}
	memcpy(text, value.text, value.len);
	text[value.len] = '\0';
	return 0;
}

static int parse_node(struct conf *conf, const struct conf_key *key,
		      struct slice value, char why[static CONF_WHY_MAX])
{
	if (!site_name_valid(value))
		return EINVAL;
	return parse_text(conf, key, value, why);
}

/* A folder our files go to: relative ones would depend on who starts us. */
static int parse_path(struct conf *conf, const struct conf_key *key,
		      struct slice value, char why[static CONF_WHY_MAX])
{
	if (value.len == 0 || value.text[0] != '/') {
		WHY("it does not begin with /");
		return EINVAL;
	}
	return parse_text(conf, key, value, why);
}

/* ---- addresses */

static int parse_endpoints(struct conf *conf, const struct conf_key *key,
			   struct slice value, char why[static CONF_WHY_MAX])
{
	struct endpoint *list = field(conf, key->at);
	size_t *cnt = field(conf, key->also_at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	*cnt = 0;
	while (value_next(&c, &begun, &element)) {
		struct endpoint new;

		if (endpoint_parse(&new, element)) {
			WHY("`%.*s' is no ADDRESS:PORT", SHORT(element));
			return EINVAL;
		}
		for (size_t i = 0; i < *cnt; i++) {
			if (endpoint_equal(&list[i], &new)) {
				WHY("`%.*s' is there twice", SHORT(element));
				return EINVAL;
			}
		}
		if (*cnt == key->room) {
			WHY("`%.*s' is one too many", SHORT(element));
			return EINVAL;
		}
		list[(*cnt)++] = new;
	}
	return 0;
}

static int parse_prefixes(struct conf *conf, const struct conf_key *key,
			  struct slice value, char why[static CONF_WHY_MAX])
{
	struct prefix *list = field(conf, key->at);
	size_t *cnt = field(conf, key->also_at);
	struct cursor c = cursor_of(value.text, value.len);
	char inside[PREFIX_TEXT_MAX];
	struct slice element;
	bool begun = false;

	*cnt = 0;
	while (value_next(&c, &begun, &element)) {
		struct prefix new;
		int err = prefix_parse(&new, element);

		if (err == ERANGE) {
			prefix_format(inside, &new);
			WHY("`%.*s' has bits behind its length: %s?",
			    SHORT(element), inside);
			return EINVAL;
		}
		if (err) {
			WHY("`%.*s' is neither address nor prefix",
			    SHORT(element));
			return EINVAL;
		}
		if (*cnt == key->room) {
			WHY("`%.*s' is one too many", SHORT(element));
			return EINVAL;
		}
		list[(*cnt)++] = new;
	}
	return 0;
}

/* LOCAL or LOCAL!ADVERTISED */
static int parse_media(struct conf *conf, const struct conf_key *key,
		       struct slice value, char why[static CONF_WHY_MAX])
{
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

void conf_allowed(char out[static CONF_ALLOWED_MAX],
		  const struct conf_key *key)
{
	size_t len = 0;

	if (key->allowed) {
		snprintf(out, CONF_ALLOWED_MAX, "%s", key->allowed);
	} else if (key->words) {
		for (size_t i = 0; key->words[i]; i++) {
			const char *before =
				len == 0 ? "" : key->words[i + 1] ? ", " : " or ";

			if (!key->words[i][0])
				continue;
			len += (size_t)snprintf(out + len,
						CONF_ALLOWED_MAX - len, "%s%s",
						before, key->words[i]);
		}
	} else if (key->parse == parse_duration) {
		char min[VALUE_DURATION_MAX], max[VALUE_DURATION_MAX];

		value_format_duration(min, key->min);
		value_format_duration(max, key->max);
		snprintf(out, CONF_ALLOWED_MAX,
			 "a time from %s to %s, such as 500ms, 30s, 2m", min,
			 max);
	} else {
		snprintf(out, CONF_ALLOWED_MAX, "a number from %llu to %llu",
			 (unsigned long long)key->min,
			 (unsigned long long)key->max);
	}
}

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

#define AT(field_) .at = offsetof(struct conf, field_)
#define TEXT(field_) AT(field_), .room = sizeof(((struct conf *)0)->field_)
#define LIST(field_, cnt_, max_) AT(field_), \
	.also_at = offsetof(struct conf, cnt_), .room = (max_)
#define TIME(field_, min_, max_, dflt_) .parse = parse_duration, AT(field_), \
	.min = (min_), .max = (max_), .dflt = (dflt_)
#define A_PATH .parse = parse_path, .allowed = "a path that begins with /"
#define ENDPOINTS .parse = parse_endpoints, \
	.allowed = "ADDRESS:PORT, several with commas between them; IPv6 in " \
		   "brackets"
#define PREFIXES .parse = parse_prefixes, \
	.allowed = "addresses or prefixes (ADDRESS/LENGTH) with commas " \
		   "between them"
#define HOUR_MS 3600000

/* clang-format off */
const struct conf_key conf_keys[CONF_KEYS] = {
	[CONF_SITE] = { "site", "The site and this node", parse_text,
		TEXT(site_path), .allowed = "the path of a file",
		.dflt = "/etc/sip-anycast/site.conf",
		.help = "The site file: service addresses, nodes and peers, "
			"the same on every node." },
	[CONF_NODE] = { "node", NULL, parse_node, TEXT(node_name),
		.allowed = "a node of the site file: a-z, 0-9 and '-'",
		.dflt_note = "the host name", .example = "fra1",
		.help = "Which node of the site file this machine is." },
	[CONF_NODE_STATE] = { "node-state", NULL, A_PATH, TEXT(node_state),
		.dflt = NODESTATE_PATH,
		.help = "Where the health agent or anycastctl writes what "
			"this node is doing; a draining node takes no new "
			"calls." },
	[CONF_STATE_DIR] = { "state-dir", NULL, A_PATH, TEXT(state_dir),
		.dflt = "/run/sip-anycast/rtp-pinner",
		.help = "What a restarted daemon finds its calls by; the "
			"folder must outlive the daemon, but no reboot." },
	[CONF_LOG_LEVEL] = { "log-level", NULL, parse_word, AT(log_level),
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
	[CONF_PORT_MIN] = { "port-min", NULL, parse_port, AT(port_min),
		.min = 1024, .max = 65534, .dflt = "30000",
		.help = "First UDP port of media.  The range must be in "
			"net.ipv4.ip_local_reserved_ports or outside "
			"ip_local_port_range (--reserve-ports; the systemd "
			"unit does)." },
	[CONF_PORT_MAX] = { "port-max", NULL, parse_port, AT(port_max),
		.min = 1025, .max = 65535, .dflt = "40000",
		.help = "Last UDP port of media.  A call takes 4 ports, or 2 "
			"where both phones do rtcp-mux." },
	[CONF_RELAY] = { "relay", NULL, parse_word, AT(relay),
		.words = relay_words, .dflt = "auto",
		.help = "range: one socket per thread for all ports, steered "
			"by the kernel (needs CAP_BPF, CAP_NET_ADMIN, "
			"CAP_NET_RAW).  sockets: one socket per port.  auto: "
			"range where it is permitted." },
	[CONF_THREADS] = { "threads", NULL, parse_number, AT(threads),
		.min = 1, .max = RELAY_THREADS_MAX,
		.dflt_note = "one for each processor",
		.example = "2",
		.help = "How many threads relay media." },
	[CONF_DSCP] = { "dscp", NULL, parse_byte, AT(dscp), .max = 63,
		.dflt = "46",
		.help = "Differentiated services code point of the packets "
			"sent (46: expedited forwarding; 0: none); TOS of a "
			"command wins." },

	[CONF_GATE] = { "gate", "Whose media is let in", parse_word, AT(gate),
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

	[CONF_MAX_SESSIONS] = { "max-sessions", "Limits", parse_number,
		AT(max_sessions), .min = 1, .max = 1000000,
		.dflt_note = "what the ports allow", .example = "2000",
		.help = "How many calls at a time; further ones are sent to "
			"another node (load limit)." },
	[CONF_MAX_PACKET_RATE] = { "max-packet-rate", NULL, parse_number,
		AT(max_packet_rate), .max = 1000000, .dflt = "5000",
		.help = "Packets per second a port accepts; 0: any.  A voice "
			"stream has 50." },
	[CONF_MAX_CALL_PORTS] = { "max-call-ports", NULL, parse_number,
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
