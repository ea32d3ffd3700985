/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/http_ask.h"

#include <stdio.h>
#include <string.h>

#include "common/probe.h"
#include "health-agent/probe/prober_priv.h"

/* RFC 9112 3.2.1: origin-form, no fragment. */
static bool is_path(const char *path)
{
	if (*path != '/')
		return false;
	for (; *path; path++)
		if (*path <= ' ' || *path > '~' || *path == '#')
			return false;
	return true;
}

int http_ask_check(char text[static PROBER_TEXT_MAX],
		   const struct prober_conf *conf)
{
	if (!addr_is_set(&conf->target) || !conf->port)
		return prober_say(text, "it has no target");
	if (!conf->site || !conf->node)
		return prober_say(text, "it has no node");
	if (conf->transport != PROBER_TCP && conf->transport != PROBER_TLS)
		return prober_say(text, "HTTP goes over tcp or tls");
	if (!is_path(conf->path))
		return prober_say(text, "the path is not of the form /...");
	if (!conf->expect && conf->on_node)
		return prober_say(text, "a node address redirects nobody: "
					"it needs expect");
	if (!conf->expect && !conf->node->http[0])
		return prober_say(text, "node %s has no http to be sent to: "
					"it needs expect", conf->node->name);
	if (conf->expect && (conf->expect < 200 || conf->expect > 599))
		return prober_say(text, "expect %u is no status",
				  conf->expect);
	return 0;
}

/* The authority of "http://host:port/path". */
static struct slice authority_of(const char *url)
{
	const char *at = strstr(url, "://");
	struct cursor c = cursor_of(at ? at + 3 : "", at ? strlen(at + 3) : 0);

	return cursor_until(&c, "/?#");
}

static void put_host(char out[static SITE_URL_MAX],
		     const struct prober_conf *conf)
{
	uint16_t usual = conf->transport == PROBER_TLS ? 443 : 80;
	char addr[ADDR_TEXT_MAX];
	const char *host = conf->site->domain;
	struct slice authority = authority_of(conf->node->http);

	if (conf->on_node && authority.len) {
		snprintf(out, SITE_URL_MAX, "%.*s", (int)authority.len,
			 authority.text);
		return;
	}
	if (conf->on_node) {
		addr_format_host(addr, &conf->target);
		host = addr;
	}
	if (conf->port == usual)
		snprintf(out, SITE_URL_MAX, "%s", host);
	else
		snprintf(out, SITE_URL_MAX, "%s:%u", host, conf->port);
}

void http_ask_host(char out[static SITE_URL_MAX],
		   const struct prober_conf *conf)
{
	struct addr addr;
	char *colon;

	put_host(out, conf);
	colon = strrchr(out, ':');
	if (colon && !strchr(colon, ']'))
		*colon = '\0';
	if (!addr_parse_host(&addr, out, strlen(out)))
		*out = '\0';
}

size_t http_ask_write(char out[static HTTP_REQUEST_MAX],
		      const struct prober_conf *conf, uint64_t wall_s)
{
	char probe[PROBE_VALUE_MAX];
	char host[SITE_URL_MAX];

	put_host(host, conf);
	probe_format(probe, conf->site, slice_str(conf->node->name),
		     slice_str(conf->path), wall_s);
	return (size_t)snprintf(out, HTTP_REQUEST_MAX,
				"GET %s HTTP/1.1\r\n"
				"Host: %s\r\n"
				"User-Agent: sip-anycast-health\r\n"
				PROBE_HEADER ": %s\r\n"
				"Connection: close\r\n"
				"\r\n",
				conf->path, host, probe);
}

/* Does it lead to the same path on that node? */
static bool leads_to(const struct prober_conf *conf,
		     const struct site_node *node, struct slice location)
{
	char want[SITE_URL_MAX + PROBER_PATH_MAX];

	snprintf(want, sizeof(want), "%s%s", node->http, conf->path);
	return node->http[0] && slice_equal(location, slice_str(want));
}

/* The node as it was before, while that counts. */
static const struct site_node *former_of(const struct prober_conf *conf,
					 uint64_t now_ms)
{
	return now_ms < conf->former_until_ms ? conf->former : NULL;
}

static bool judge_redirect(char text[static PROBER_TEXT_MAX],
			   const struct prober_conf *conf,
			   struct slice location,
			   const struct site_node *former)
{
	int len = location.len < 140 ? (int)location.len : 140;

	if (leads_to(conf, conf->node, location)) {
		prober_say(text, "302 to %.*s", len, location.text);
		return true;
	}
	if (former && leads_to(conf, former, location)) {
		prober_say(text, "302 to %.*s, as the site file was", len,
			   location.text);
		return true;
	}
	prober_say(text, "302 to %.*s, not %.60s%.20s", len < 80 ? len : 80,
		   location.text, conf->node->http, conf->path);
	return false;
}

bool http_ask_judge(char text[static PROBER_TEXT_MAX],
		    const struct prober_conf *conf,
		    const struct http_head *head, uint64_t now_ms)
{
	const struct site_node *former = former_of(conf, now_ms);
	unsigned want = conf->expect ? conf->expect : 302;

	if (former && !former->http[0] && !conf->expect) {
		/* to whom the site file before is in force, whatever it says */
		prober_say(text, "%u %.*s; there was no http before",
			   head->status, (int)head->reason.len,
			   head->reason.text);
		return true;
	}
	if (head->status != want) {
		prober_say(text, "%u %.*s instead of %u", head->status,
			   (int)head->reason.len, head->reason.text, want);
		return false;
	}
	if (conf->expect) {
		prober_say(text, "%u %.*s", head->status,
			   (int)head->reason.len, head->reason.text);
		return true;
	}
	if (!head->has_location) {
		prober_say(text, "302 without a Location");
		return false;
	}
	return judge_redirect(text, conf, head->location, former);
}
