/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of the agent: a table for each kind of section. */
#include <assert.h>

#include "common/nodestate.h"
#include "health-agent/daemon/conf_priv.h"

static_assert(sizeof(enum agent_output) == sizeof(unsigned) &&
	      sizeof(enum log_level) == sizeof(unsigned),
	      "key_word() stores an unsigned");

static const char *const output_words[] = {
	[AGENT_EXABGP] = "exabgp", [AGENT_KERNEL] = "kernel",
	[AGENT_DRY_RUN] = "dry-run", NULL
};
static const char *const level_words[] = {
	[LOG_LEVEL_ERR] = "err", [LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info", [LOG_LEVEL_DEBUG] = "debug", NULL
};
const char *const conf_kind_words[] = {
	[PROBER_SIP] = "sip", [PROBER_HTTP] = "http", [PROBER_DNS] = "dns",
	[PROBER_RTP] = "rtp", [PROBER_PROCESS] = "process",
	[PROBER_COMMAND] = "command", NULL
};
static const char *const failure_words[] = {
	[HEALTH_WITHDRAW] = "withdraw", [HEALTH_DEGRADE] = "degrade", NULL
};
static const char *const scope_words[] = {
	[HEALTH_LOCAL] = "local", [HEALTH_REMOTE] = "remote", NULL
};
static const char *const transport_words[] = {
	[PROBER_UDP] = "udp", [PROBER_TCP] = "tcp", [PROBER_TLS] = "tls", NULL
};
static const char *const method_words[] = {
	[PROBER_INVITE] = "invite", [PROBER_OPTIONS] = "options", NULL
};

#define IN(type_, field_) .at = offsetof(struct type_, field_), \
	.room = sizeof(((struct type_ *)0)->field_)
#define A_PATH .parse = key_path, .allowed = "a path that begins with /"
#define TIME(min_, max_, dflt_) .parse = key_duration, .min = (min_), \
	.max = (max_), .dflt = (dflt_)
#define SECOND_MS 1000
#define MINUTE_MS 60000
#define HOUR_MS 3600000

/* ---- [agent] */

#define AT(field_) IN(agent_conf, field_)

/* clang-format off */
static const struct key agent_keys[AGENT_KEYS] = {
	[AGENT_SITE] = { "site", "The site and this node", key_text,
		AT(site_path), .allowed = "the path of a file",
		.dflt = "/etc/sip-anycast/site.conf",
		.help = "The site file: what is announced, to whom, and which "
			"nodes there are; the same on every node." },
	[AGENT_NODE] = { "node", NULL, key_name, AT(node_name),
		.allowed = "a node of the site file: a-z, 0-9 and '-'",
		.dflt_note = "the host name", .example = "fra1",
		.help = "Which node of the site file this machine is." },
	[AGENT_NODE_STATE] = { "node-state", NULL, A_PATH, AT(node_state),
		.dflt = NODESTATE_PATH,
		.help = "What this node and the others are doing, written for "
			"Kamailio and rtp-pinner each second." },
	[AGENT_STATE_DIR] = { "state-dir", NULL, A_PATH, AT(state_dir),
		.dflt = "/var/lib/sip-anycast",
		.help = "What a restarted agent goes on from: an operator's "
			"drain or disable, and what was announced; the folder "
			"must outlive a reboot." },
	[AGENT_AUDIT_LOG] = { "audit-log", NULL, A_PATH, AT(audit_log),
		.dflt = "/var/lib/sip-anycast/audit.log",
		.help = "Every change of a state with its cause, one JSON "
			"object a line." },
	[AGENT_LOG_LEVEL] = { "log-level", NULL, key_word, AT(log_level),
		.words = level_words, .dflt = "info",
		.help = "How much is written to stderr: debug has a line for "
			"each attempt of a probe." },
	[AGENT_PEERS] = { "peers", NULL, key_bool, AT(peers), .dflt = "yes",
		.help = "Tell the agents of the other nodes each second what "
			"this one does, and hear them: what a drain of the "
			"last node waits for." },

	[AGENT_DRAIN_DEADLINE] = { "drain-deadline",
		"How a drain ends", AT(drain_deadline_ms),
		TIME(0, 24 * HOUR_MS, "2h"),
		.help = "After its routes are withdrawn a drain waits so long "
			"at most for the calls that run; 0s: for none." },
	[AGENT_DRAIN_PHONES] = { "drain-phones", NULL, AT(drain_phones_ms),
		TIME(0, 24 * HOUR_MS, "0s"),
		.help = "A drain is not over for so long after the withdrawal, "
			"calls or not: the time phones take to register at "
			"another node (max_expires of kamailio.cfg, 10m), "
			"through which they are called." },
	[AGENT_PINNER] = { "pinner", NULL, conf_value_endpoint, AT(pinner),
		.allowed = "ADDRESS:PORT, IPv6 in brackets",
		.dflt_note = "ng of the first probe of type rtp; without one "
			     "a drain waits for no calls",
		.example = "127.0.0.1:2223",
		.help = "Where rtp-pinner says how many calls run, each "
			"second." },

	[AGENT_OUTPUT] = { "output", "How routes get out", key_word,
		AT(output), .words = output_words, .dflt = "exabgp",
		.help = "exabgp: commands to the ExaBGP that runs the agent.  "
			"kernel: routes of a table of their own, for BIRD or "
			"FRR (needs CAP_NET_ADMIN).  dry-run: only the log." },
	[AGENT_KERNEL_TABLE] = { "kernel-table", NULL, key_number,
		AT(kernel_table), .min = 1, .max = UINT32_MAX, .dflt = "200",
		.help = "The routing table of output = kernel, best one of its "
			"own; FRR can follow no other than 254, main." },
	[AGENT_KERNEL_DEVICE] = { "kernel-device", NULL, conf_value_device,
		AT(kernel_device), .allowed = "the name of an interface",
		.dflt = "anycast0",
		.help = "The TUN its routes point to: it belongs to the agent, "
			"and when that dies the kernel removes both." },
	[AGENT_ACK_TIMEOUT] = { "ack-timeout", NULL, AT(ack_timeout_ms),
		TIME(100, MINUTE_MS, "2s"),
		.help = "An ExaBGP that has not answered a command for so long "
			"is asked what it announces, before anything else." },
	[AGENT_WORKER_TIMEOUT] = { "worker-timeout", NULL,
		AT(worker_timeout_ms), TIME(500, MINUTE_MS, "2s"),
		.help = "A worker that has been silent for so long is killed "
			"and all routes are withdrawn." },
	[AGENT_ADOPT_TIMEOUT] = { "adopt-timeout", NULL, AT(adopt_ms),
		TIME(100, MINUTE_MS, "800ms"),
		.help = "What is announced when the agent starts is withdrawn, "
			"unless the first answers of the probes come within "
			"this time and are good." },

	[AGENT_CONTROL] = { "control", "Operators", A_PATH, AT(control),
		.dflt = AGENT_SOCKET,
		.help = "The socket of anycastctl; root and the agent's own "
			"user and group may use it." },
	[AGENT_METRICS] = { "metrics", NULL, key_endpoints,
		.at = offsetof(struct agent_conf, metrics),
		.also_at = offsetof(struct agent_conf, metrics_cnt),
		.room = AGENT_METRICS_MAX,
		.allowed = "ADDRESS:PORT, several with commas between them; "
			   "IPv6 in brackets",
		.dflt_note = "no HTTP", .example = "127.0.0.1:9104",
		.help = "Where Prometheus fetches figures, over HTTP." },
	[AGENT_HOOK] = { "hook", NULL, A_PATH, AT(hook),
		.dflt_note = "none", .example = "/etc/sip-anycast/hook",
		.help = "A program that is run at each change of a state; "
			"nothing waits for it." },
	[AGENT_HOOK_TIMEOUT] = { "hook-timeout", NULL, AT(hook_timeout_ms),
		TIME(100, HOUR_MS, "10s"),
		.help = "The hook is killed when it takes longer." },

	[AGENT_DEFAULT_PROBES] = { "default-probes", "Which probes there are",
		key_bool,
		AT(default_probes),
		.dflt_note = "yes in a file without [probe] sections, else no",
		.example = "yes",
		.help = "Make the probes below beside those of the file; a "
			"section with the name of one of them changes what it "
			"says of it and leaves the rest." },
	[AGENT_INTERVAL] = { "interval",
		"Timers of probes that say nothing else",
		AT(timers.interval_ms), TIME(20, MINUTE_MS, "1s"),
		.help = "From the end of an attempt to the next one." },
	[AGENT_FAST_INTERVAL] = { "fast-interval", NULL,
		AT(timers.fast_interval_ms), TIME(10, MINUTE_MS, "100ms"),
		.help = "The same while rise or fall is being counted." },
	[AGENT_TIMEOUT] = { "timeout", NULL, AT(timers.timeout_ms),
		TIME(10, MINUTE_MS, "500ms"),
		.help = "An attempt without an answer for so long is bad." },
	[AGENT_RISE] = { "rise", NULL, key_number, AT(timers.rise), .min = 1,
		.max = 100, .dflt = "3",
		.help = "So many good attempts in a row make a probe good." },
	[AGENT_FALL] = { "fall", NULL, key_number, AT(timers.fall), .min = 1,
		.max = 100, .dflt = "3",
		.help = "So many bad attempts in a row make a probe bad." },
};

/* ---- [probe NAME] */

#undef AT
#define AT(field_) IN(conf_probe, field_)
#define AS_AGENT "that of [agent]"

static const struct key probe_keys[PROBE_KEYS] = {
	[PROBE_TYPE] = { "type", "Every probe", key_word, AT(kind),
		.words = conf_kind_words, .dflt_note = "none, it must be there",
		.example = "sip", .help = "What it asks." },
	[PROBE_GROUPS] = { "groups", NULL, conf_value_names, AT(groups),
		.allowed = "names of groups with commas between them",
		.dflt_note = "all", .example = "service",
		.help = "Which groups it speaks for." },
	[PROBE_FAILURE] = { "failure", NULL, key_word, AT(failure),
		.words = failure_words, .dflt = "withdraw",
		.help = "What becomes of its groups when it is bad: withdrawn, "
			"or announced as degraded." },
	[PROBE_SCOPE] = { "scope", NULL, key_word, AT(scope),
		.words = scope_words, .dflt = "local",
		.help = "remote: it says something about what lies beyond this "
			"node, and alone it never withdraws the last node." },
	[PROBE_INTERVAL] = { "interval", NULL, AT(timers.interval_ms),
		TIME(20, MINUTE_MS, NULL), .dflt_note = AS_AGENT,
		.example = "1s",
		.help = "From the end of an attempt to the next one." },
	[PROBE_FAST_INTERVAL] = { "fast-interval", NULL,
		AT(timers.fast_interval_ms), TIME(10, MINUTE_MS, NULL),
		.dflt_note = AS_AGENT, .example = "100ms",
		.help = "The same while rise or fall is being counted." },
	[PROBE_TIMEOUT] = { "timeout", NULL, AT(timers.timeout_ms),
		TIME(10, MINUTE_MS, NULL), .dflt_note = AS_AGENT,
		.example = "500ms",
		.help = "An attempt without an answer for so long is bad." },
	[PROBE_RISE] = { "rise", NULL, key_number, AT(timers.rise), .min = 1,
		.max = 100, .dflt_note = AS_AGENT "; 1 for process",
		.example = "3",
		.help = "So many good attempts in a row make it good." },
	[PROBE_FALL] = { "fall", NULL, key_number, AT(timers.fall), .min = 1,
		.max = 100, .dflt_note = AS_AGENT, .example = "3",
		.help = "So many bad attempts in a row make it bad; the death "
			"of a process does at once." },

	[PROBE_ADDRESS] = { "address", "Where it goes", conf_value_target,
		AT(target),
		.allowed = "service, node, or addresses: one IPv4, one IPv6, "
			   "or both with a comma between them",
		.dflt_note = "service; node for rtp", .example = "node",
		.help = "The service addresses, this node's own, or others; "
			"one probe for each family." },
	[PROBE_PORT] = { "port", NULL, key_number, AT(port), .min = 1,
		.max = 65535, .dflt_note = "as in the site file",
		.example = "5060", .help = "The port there." },
	[PROBE_TRANSPORT] = { "transport", NULL, key_word, AT(transport),
		.words = transport_words,
		.dflt_note = "udp; tcp for http", .example = "tcp",
		.help = "Over what; http knows tcp and tls, dns udp and tcp." },
	[PROBE_TLS_NAME] = { "tls-name", NULL, conf_value_query, AT(tls_name),
		.allowed = "a host name",
		.dflt_note = "any; with tls-ca the domain of the site, or the "
			     "host of the node",
		.example = "sip.example.net",
		.help = "The name its certificate must have." },
	[PROBE_TLS_CA] = { "tls-ca", NULL, A_PATH, AT(tls_ca),
		.dflt_note = "none, any certificate will do",
		.example = "/etc/ssl/certs/ca-certificates.crt",
		.help = "A file of CAs in PEM: its certificate must be one of "
			"theirs, and in its time." },

	[PROBE_METHOD] = { "method", "sip", key_word, AT(method),
		.words = method_words,
		.dflt_note = "invite to the service, options to others",
		.example = "options",
		.help = "invite: it must get a 302 to this node.  options: a "
			"200." },
	[PROBE_PATH] = { "path", "http", conf_value_http_path, AT(path),
		.allowed = "a path that begins with /",
		.dflt = "/", .help = "What it GETs." },
	[PROBE_EXPECT] = { "expect", NULL, conf_value_expect, AT(expect),
		.allowed = "redirect, or a status from 100 to 599",
		.dflt = "redirect",
		.help = "redirect: a 302 to the same path at the node's http "
			"URL in the site file." },
	[PROBE_QUERY] = { "query", "dns", conf_value_query, AT(query),
		.allowed = "a DNS name",
		.dflt_note = "the domain of the site",
		.example = "sip.example.net", .help = "The name it asks for." },
	[PROBE_QUERY_TYPE] = { "query-type", NULL, conf_value_query_type,
		AT(query_type), .allowed = "A, AAAA, SRV, NAPTR or TXT",
		.dflt = "A", .help = "The kind of record it asks for." },
	[PROBE_ANSWER] = { "answer", NULL, key_text, AT(answer),
		.allowed = "a record's data, as a zone file has it",
		.dflt_note = "any", .example = "192.0.2.53",
		.help = "What must be among the answers." },
	[PROBE_NG] = { "ng", "rtp", conf_value_endpoint, AT(ng),
		.allowed = "ADDRESS:PORT", .dflt = "127.0.0.1:2223",
		.help = "Where rtp-pinner takes commands: the probe sets up a "
			"call, plays both phones, and ends it." },
	[PROBE_PACKETS] = { "packets", NULL, key_number, AT(packets), .min = 1,
		.max = 50, .dflt = "5",
		.help = "RTP packets it sends in each direction." },
	[PROBE_LOSS] = { "loss", NULL, key_number, AT(loss_percent),
		.max = 99, .dflt = "20",
		.help = "Percent of them that may be lost." },
	[PROBE_DELAY] = { "delay", NULL, AT(delay_ms),
		TIME(1, 10 * SECOND_MS, NULL),
		.dflt_note = "a fifth of timeout", .example = "100ms",
		.help = "A packet that takes longer is lost." },
	[PROBE_PID_FILE] = { "pid-file", "process", A_PATH, AT(pid_file),
		.dflt_note = "none, it must be there",
		.example = "/run/sip-anycast/kamailio/kamailio.pid",
		.help = "The process whose death is seen at once." },
	[PROBE_GRACE] = { "grace", NULL, AT(grace_ms),
		TIME(0, MINUTE_MS, "0s"),
		.help = "How long a successor may take to be in the file "
			"before the death counts." },
	[PROBE_COMMAND] = { "command", "command", conf_value_command,
		AT(command),
		.allowed = "a program's path and its arguments; \"...\" around "
			   "what has blanks",
		.dflt_note = "none, it must be there",
		.example = "/usr/local/lib/sip-anycast/check-trunk 5",
		.help = "A program that must exit with 0; it is run without a "
			"shell and killed when time is over." },
};

#define KIND(kind_) (1u << PROBER_##kind_)
#define ALL (KIND(SIP) | KIND(HTTP) | KIND(DNS) | KIND(RTP) | KIND(PROCESS) | \
	     KIND(COMMAND))
#define TALKS (KIND(SIP) | KIND(HTTP) | KIND(DNS))

const unsigned conf_probe_kinds[PROBE_KEYS] = {
	[PROBE_TYPE] = ALL, [PROBE_GROUPS] = ALL, [PROBE_FAILURE] = ALL,
	[PROBE_SCOPE] = ALL, [PROBE_INTERVAL] = ALL,
	[PROBE_FAST_INTERVAL] = ALL, [PROBE_TIMEOUT] = ALL, [PROBE_RISE] = ALL,
	[PROBE_FALL] = ALL,
	[PROBE_ADDRESS] = TALKS | KIND(RTP), [PROBE_PORT] = TALKS,
	[PROBE_TRANSPORT] = TALKS, [PROBE_TLS_NAME] = KIND(SIP) | KIND(HTTP),
	[PROBE_TLS_CA] = KIND(SIP) | KIND(HTTP),
	[PROBE_METHOD] = KIND(SIP),
	[PROBE_PATH] = KIND(HTTP), [PROBE_EXPECT] = KIND(HTTP),
	[PROBE_QUERY] = KIND(DNS), [PROBE_QUERY_TYPE] = KIND(DNS),
	[PROBE_ANSWER] = KIND(DNS),
	[PROBE_NG] = KIND(RTP), [PROBE_PACKETS] = KIND(RTP),
	[PROBE_LOSS] = KIND(RTP), [PROBE_DELAY] = KIND(RTP),
	[PROBE_PID_FILE] = KIND(PROCESS), [PROBE_GRACE] = KIND(PROCESS),
	[PROBE_COMMAND] = KIND(COMMAND),
};

/* ---- [group NAME] */

#undef AT
#define AT(field_) IN(conf_group, field_)
#define MED .parse = key_number, .max = UINT32_MAX
#define COMMUNITIES .parse = conf_value_communities, \
	.allowed = "up to 7 of N:N with commas between them, or their names"

static const struct key group_keys[GROUP_KEYS] = {
	[GROUP_PREFIX] = { "prefix", "What is announced", conf_value_announced,
		AT(conf.prefixes),
		.allowed = "service, addresses or prefixes (ADDRESS/LENGTH) "
			   "with commas between them",
		.dflt = "service",
		.help = "The prefixes that come and go together; service "
			"stands for those of the site file." },
	[GROUP_MED_UP] = { "med-up", NULL, AT(med_up), MED, .dflt = "100",
		.help = "MED while the group is up; of two nodes behind the "
			"same AS the lower one is taken." },
	[GROUP_MED_DEGRADED] = { "med-degraded", NULL, AT(med_degraded), MED,
		.dflt = "500",
		.help = "MED while it is degraded." },
	[GROUP_MED_DRAINING] = { "med-draining", NULL, AT(med_draining), MED,
		.dflt = "4294967295",
		.help = "MED while it drains, beside community 65535:0." },
	[GROUP_PREPEND_DEGRADED] = { "prepend-degraded", NULL, key_number,
		AT(prepend_degraded), .max = ROUTE_PREPEND_MAX, .dflt = "0",
		.help = "How many further times our AS is in the path while it "
			"is degraded: seen behind other AS too, where MED "
			"is not." },
	[GROUP_COMMUNITY] = { "community", NULL, AT(community), COMMUNITIES,
		.dflt_note = "none", .example = "64511:20",
		.help = "Communities of its routes in every state." },
	[GROUP_COMMUNITY_DEGRADED] = { "community-degraded", NULL,
		AT(community_degraded), COMMUNITIES, .dflt_note = "none",
		.example = "64500:90",
		.help = "Further ones while it is degraded." },
	[GROUP_LARGE_COMMUNITY] = { "large-community", NULL, conf_value_larges,
		AT(large),
		.allowed = "up to 8 of N:N:N with commas between them",
		.dflt_note = "none", .example = "64511:1:20",
		.help = "Large communities of its routes in every state." },

	[GROUP_HOLD_DOWN] = { "hold-down", "When it is announced",
		AT(conf.hold_down_ms), TIME(0, HOUR_MS, "5s"),
		.help = "All is good for so long before a group that was down "
			"is announced." },
	[GROUP_DRAIN_WAIT] = { "drain-wait", NULL, AT(conf.drain_wait_ms),
		TIME(0, HOUR_MS, "10s"),
		.help = "A drain announces the worst MED and 65535:0 for so "
			"long, then withdraws: what routers take to turn "
			"away." },
	[GROUP_REMOTE_WAIT] = { "remote-wait", NULL, AT(conf.remote_wait_ms),
		TIME(0, HOUR_MS, "5s"),
		.help = "Another node must have been up for so long before a "
			"probe of scope = remote withdraws: nodes that lose "
			"the same thing together stay." },
	[GROUP_PENALTY] = { "penalty", NULL, key_number, AT(conf.penalty),
		.max = 1000000, .dflt = "1000",
		.help = "What each loss costs; it halves every half-life.  0: "
			"no damping." },
	[GROUP_SUPPRESS] = { "suppress", NULL, key_number, AT(conf.suppress),
		.min = 1, .max = 1000000, .dflt = "2500",
		.help = "Above this the group stays down." },
	[GROUP_REUSE] = { "reuse", NULL, key_number, AT(conf.reuse), .min = 1,
		.max = 1000000, .dflt = "1000",
		.help = "Below this it may be announced again." },
	[GROUP_HALF_LIFE] = { "half-life", NULL, AT(conf.half_life_ms),
		TIME(SECOND_MS, HOUR_MS, "1m"),
		.help = "The penalty halves in this time." },
	[GROUP_SUPPRESS_MAX] = { "suppress-max", NULL,
		AT(conf.suppress_max_ms), TIME(SECOND_MS, 24 * HOUR_MS, "10m"),
		.help = "No group stays down for longer because of its "
			"penalty." },
};
/* clang-format on */

static_assert((int)AGENT_KEYS <= (int)CONF_KEYS_MAX &&
	      (int)PROBE_KEYS <= (int)CONF_KEYS_MAX &&
	      (int)GROUP_KEYS <= (int)CONF_KEYS_MAX,
	      "a section holds its keys");

const struct key_table conf_agent_keys = { agent_keys, AGENT_KEYS };
const struct key_table conf_probe_keys = { probe_keys, PROBE_KEYS };
const struct key_table conf_group_keys = { group_keys, GROUP_KEYS };
