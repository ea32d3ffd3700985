/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/sip_ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "health-agent/probe/prober_priv.h"
#include "kamailio-module/contact.h"
#include "kamailio-module/totag.h"

static const char user_agent[] = "sip-anycast-health";

static enum sip_transport transport_of(const struct prober_conf *conf)
{
	static const enum sip_transport transports[] = {
		[PROBER_UDP] = SIP_UDP,
		[PROBER_TCP] = SIP_TCP,
		[PROBER_TLS] = SIP_TLS,
	};

	return transports[conf->transport];
}

static const char *method_of(const struct sip_ask *ask)
{
	return ask->conf->method == PROBER_INVITE ? "INVITE" : "OPTIONS";
}

/* The URI that leads to the node from a request for uri. */
static bool node_uri(char out[static SIP_URI_MAX], const char *uri,
		     const struct prober_conf *conf,
		     const struct site_node *node, enum contact_style style)
{
	struct sipuri parsed;
	size_t len;

	if (sipuri_parse(&parsed, slice_str(uri)))
		return false;
	len = contact_format(out, SIP_URI_MAX - 1, &parsed, transport_of(conf),
			     conf->target.family, conf->site, node, style);
	out[len] = '\0';
	return len > 0;
}

int sip_ask_check(char text[static PROBER_TEXT_MAX],
		  const struct prober_conf *conf)
{
	struct sip_ask ask;

	if (!addr_is_set(&conf->target) || !conf->port)
		return prober_say(text, "it has no target");
	if (!conf->site || !conf->node)
		return prober_say(text, "it has no node");
	if ((unsigned)conf->transport > PROBER_TLS)
		return prober_say(text, "it has no transport");
	if (conf->method == PROBER_INVITE && conf->on_node)
		return prober_say(text, "a node address redirects nobody: "
					"ask it by OPTIONS");
	if (sip_ask_init(&ask, conf))
		return prober_say(text,
				  "node %s has no IPv%u address to be sent to",
				  conf->node->name, conf->target.family);
	return 0;
}

int sip_ask_init(struct sip_ask *ask, const struct prober_conf *conf)
{
	char base[SITE_HOST_MAX + 16];

	*ask = (struct sip_ask){ .conf = conf };
	snprintf(ask->user, sizeof(ask->user), "<sip:probe@%s>",
		 conf->site->domain);
	snprintf(base, sizeof(base), "sip:%s", conf->site->domain);
	if (conf->on_node)
		return node_uri(ask->uri, base, conf, conf->node, CONTACT_NODE)
			       ? 0
			       : EINVAL;
	if (conf->method == PROBER_OPTIONS) {
		snprintf(ask->uri, sizeof(ask->uri), "%s", base);
		return 0;
	}
	snprintf(ask->uri, sizeof(ask->uri), "sip:probe@%s",
		 conf->site->domain);
	if (conf->former) {	/* it may have had no such address */
		node_uri(ask->former, ask->uri, conf, conf->former,
			 CONTACT_NODE);
		node_uri(ask->former_maddr, ask->uri, conf, conf->former,
			 CONTACT_MADDR);
	}
	return node_uri(ask->contact, ask->uri, conf, conf->node,
			CONTACT_NODE) &&
			       node_uri(ask->contact_maddr, ask->uri, conf,
					conf->node, CONTACT_MADDR)
		       ? 0
		       : EINVAL;
}

static const uint8_t *put_hex(char *out, const uint8_t *bytes, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return bytes + cnt;
}

void sip_ask_renew(struct sip_ask *ask,
		   const uint8_t random[static SIP_ASK_RANDOM],
		   const struct addr *local, uint16_t local_port,
		   uint64_t wall_s)
{
	static const char cookie[] = "z9hG4bK";
	const struct prober_conf *conf = ask->conf;

	ask->local = *local;
	ask->local_port = local_port;
	memcpy(ask->branch, cookie, sizeof(cookie));
	random = put_hex(ask->branch + sizeof(cookie) - 1, random, 10);
	random = put_hex(ask->call_id, random, 16);
	random = put_hex(ask->from_tag, random, 5);
	ask->cseq = 1 + *random;
	probe_format(ask->probe, conf->site, slice_str(conf->node->name),
		     slice_str(ask->call_id), wall_s);
}

/* All that the requests of an attempt have in common. */
struct texts {
	char via[SIP_URI_MAX];
	char from[SITE_HOST_MAX + 64];
	char to[SITE_HOST_MAX + 64 + SIP_TOKEN_MAX];
	char contact[SIP_URI_MAX];
};

/* A transaction of its own has its own end of the branch. */
static struct sip_request request_of(struct texts *t, const struct sip_ask *ask,
				     const char *branch_end, const char *to_tag)
{
	static const char *const vias[] = {
		[PROBER_UDP] = "UDP",
		[PROBER_TCP] = "TCP",
		[PROBER_TLS] = "TLS",
	};
	static const char *const params[] = {
		[PROBER_UDP] = "",
		[PROBER_TCP] = ";transport=tcp",
		[PROBER_TLS] = ";transport=tls",
	};
	enum prober_transport transport = ask->conf->transport;
	char host[ADDR_TEXT_MAX];

	addr_format_host(host, &ask->local);
	snprintf(t->via, sizeof(t->via), "SIP/2.0/%s %s:%u;rport;branch=%s%s",
		 vias[transport], host, ask->local_port, ask->branch,
		 branch_end);
	snprintf(t->from, sizeof(t->from), "%s;tag=%s", ask->user,
		 ask->from_tag);
	snprintf(t->to, sizeof(t->to), "%s%s%s", ask->user,
		 to_tag[0] ? ";tag=" : "", to_tag);
	snprintf(t->contact, sizeof(t->contact), "<sip:probe@%s:%u%s>", host,
		 ask->local_port, params[transport]);
	return (struct sip_request){
		.uri = ask->uri,
		.via = t->via,
		.from = t->from,
		.to = t->to,
		.call_id = ask->call_id,
		.cseq = ask->cseq,
		.contact = "",
		.user_agent = "",
		.probe = "",
	};
}

size_t sip_ask_write(char out[static SIP_REQUEST_MAX],
		     const struct sip_ask *ask)
{
	struct texts texts;
	struct sip_request req = request_of(&texts, ask, "", "");

	req.method = method_of(ask);
	req.contact = texts.contact;
	req.user_agent = user_agent;
	req.probe = ask->probe;
	return sip_osip_write(out, &req);
}

size_t sip_ask_ack(char out[static SIP_REQUEST_MAX], const struct sip_ask *ask,
		   const struct sip_reply *reply)
{
	/* 13.2.2.4: a transaction of its own, to the remote target */
	bool is_own = reply->status < 300;
	struct texts texts;
	struct sip_request req = request_of(&texts, ask, is_own ? "a" : "",
					    reply->to_tag);

	if (ask->conf->method != PROBER_INVITE || reply->status < 200)
		return 0;
	req.method = "ACK";
	if (is_own && reply->contact[0])
		req.uri = reply->contact;
	return sip_osip_write(out, &req);
}

size_t sip_ask_bye(char out[static SIP_REQUEST_MAX], const struct sip_ask *ask,
		   const struct sip_reply *reply)
{
	struct texts texts;
	struct sip_request req = request_of(&texts, ask, "b", reply->to_tag);

	if (ask->conf->method != PROBER_INVITE || reply->status < 200 ||
	    reply->status > 299)
		return 0;
	req.method = "BYE";
	req.cseq++;
	if (reply->contact[0])
		req.uri = reply->contact;
	return sip_osip_write(out, &req);
}

size_t sip_ask_cancel(char out[static SIP_REQUEST_MAX],
		      const struct sip_ask *ask)
{
	struct texts texts;
	struct sip_request req = request_of(&texts, ask, "", "");

	if (ask->conf->method != PROBER_INVITE)
		return 0;
	req.method = "CANCEL";
	return sip_osip_write(out, &req);
}

/* 18.1.2: a reply goes back to whom its Via names. */
static bool is_sent_by_us(const struct sip_ask *ask,
			  const struct sip_reply *reply)
{
	struct addr addr;

	return !addr_parse(&addr, reply->sent_by, strlen(reply->sent_by)) &&
	       addr_equal(&addr, &ask->local) &&
	       reply->sent_by_port == ask->local_port;
}

static bool is_ours(const struct sip_ask *ask, const struct sip_reply *reply)
{
	/* 8.1.3.3: more than one Via, and it took a wrong way */
	return reply->via_cnt == 1 && is_sent_by_us(ask, reply) &&
	       !strcmp(reply->branch, ask->branch) &&
	       !strcmp(reply->call_id, ask->call_id) &&
	       !strcmp(reply->from_tag, ask->from_tag) &&
	       reply->cseq == ask->cseq &&
	       !strcmp(reply->method, method_of(ask));
}

static bool tag_is_ours(const struct sip_ask *ask, const char *tag)
{
	const struct site *site = ask->conf->site;
	struct slice call_id = slice_str(ask->call_id);
	struct slice from_tag = slice_str(ask->from_tag);

	return totag_is_ours(slice_str(tag), &site->keys, call_id, from_tag,
			     ask->cseq) ||
	       (site->has_previous &&
		totag_is_ours(slice_str(tag), &site->previous_keys, call_id,
			      from_tag, ask->cseq));
}

static bool leads_to(const struct sipuri *got, const char *want)
{
	struct sipuri uri;

	return !sipuri_parse(&uri, slice_str(want)) && sipuri_equal(got, &uri);
}

static bool leads_to_former(const struct sip_ask *ask,
			    const struct sipuri *got, uint64_t now_ms)
{
	return ask->conf->former && now_ms < ask->conf->former_until_ms &&
	       (leads_to(got, ask->former) ||
		leads_to(got, ask->former_maddr));
}

/* With fallback_contacts other nodes follow; the first is what clients try. */
static enum sip_meaning judge_redirect(char text[static PROBER_TEXT_MAX],
				       const struct sip_ask *ask,
				       const struct sip_reply *reply,
				       uint64_t now_ms)
{
	struct sipuri got;
	bool is_here, as_before;

	if (!reply->contact_cnt) {
		prober_say(text, "302 without a Contact");
		return SIP_BAD;
	}
	if (sipuri_parse(&got, slice_str(reply->contact))) {
		prober_say(text, "302 with a Contact that is no URI");
		return SIP_BAD;
	}
	is_here = leads_to(&got, ask->contact) ||
		  leads_to(&got, ask->contact_maddr);
	as_before = !is_here && leads_to_former(ask, &got, now_ms);
	if (!is_here && !as_before) {
		prober_say(text, "302 to %.80s, not %.80s", reply->contact,
			   ask->contact);
		return SIP_BAD;
	}
	if (!tag_is_ours(ask, reply->to_tag)) {
		prober_say(text, "302 with a To-tag that is not of this site");
		return SIP_BAD;
	}
	prober_say(text, "302 to %.140s%s", reply->contact,
		   as_before ? ", as the site file was" : "");
	return SIP_GOOD;
}

enum sip_meaning sip_ask_judge(char text[static PROBER_TEXT_MAX],
			       const struct sip_ask *ask,
			       const struct sip_reply *reply, uint64_t now_ms)
{
	unsigned want = ask->conf->method == PROBER_INVITE ? 302 : 200;

	if (!is_ours(ask, reply))
		return SIP_STRANGE;
	if (reply->status < 200) {
		prober_say(text, "%u %s", reply->status, reply->reason);
		return SIP_PROVISIONAL;
	}
	if (reply->status != want) {
		prober_say(text, "%u %s instead of %u", reply->status,
			   reply->reason, want);
		return SIP_BAD;
	}
	if (want == 302)
		return judge_redirect(text, ask, reply, now_ms);
	prober_say(text, "%u %s", reply->status, reply->reason);
	return SIP_GOOD;
}
