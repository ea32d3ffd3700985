/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycastctl status, why, log, nodes: what the health agent says of this node.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/agent.h"
#include "ctl/call.h"
#include "ctl/ctl.h"
#include "ctl/ng.h"

/* A line of a table: what pads a column comes with the next one. */
struct row {
	int padding;
};

static void put(struct row *r, int width, const char *text)
{
	int len = (int)strlen(text);

	printf("%*s", r->padding, "");
	ctl_print_clean(text);
	r->padding = len < width ? width - len + 1 : 1;
}

static void put_span(struct row *r, int width, json_t *from, const char *name)
{
	char span[AGENT_SPAN_MAX];

	put(r, width, agent_span(span, ng_get(from, name, NULL)));
}

/* The last column, which may be empty. */
static void put_rest(struct row *r, const char *text)
{
	if (*text)
		put(r, 0, text);
	putchar('\n');
}

static void print_line(const char *head, const char *text)
{
	if (!*text)
		return;
	printf("%-9s", head);
	ctl_print_clean(text);
	putchar('\n');
}

/* ---- status */

/* "exabgp: ExaBGP does not answer"; some texts name it themselves. */
static void print_output(const char *output, const char *text)
{
	size_t len = strlen(output);

	printf("%-9s", "output");
	if (strncmp(text, output, len) != 0 || text[len] != ':') {
		ctl_print_clean(output);
		if (*text)
			printf(": ");
	}
	ctl_print_clean(text);
	putchar('\n');
}

static void print_node(json_t *s)
{
	json_t *warnings = ng_get(s, "warnings", NULL), *warning;
	const char *order = ng_text(s, "order");
	char span[AGENT_SPAN_MAX];
	size_t at;

	printf("%-9s", "node");
	ctl_print_clean(ng_text(s, "node"));
	putchar(' ');
	ctl_print_clean(ng_text(s, "state"));
	printf(" for %s: ", agent_span(span, ng_get(s, "since_ms", NULL)));
	ctl_print_clean(ng_text(s, "cause"));
	putchar('\n');
	if (strcmp(order, "resume") != 0) {
		printf("%-9s", "order");
		ctl_print_clean(order);
		printf("%s%s\n", json_is_true(ng_get(s, "forced", NULL))
				 ? ", forced" : "",
		       json_is_true(ng_get(s, "drained", NULL))
				 ? ", withdrawn: safe to stop" : "");
	}
	print_output(ng_text(s, "output"), ng_text(s, "output_text"));
	json_array_foreach(warnings, at, warning)
		print_line("warning", ng_text_of(warning));
	print_line("refused", ng_text(s, "config_error"));
}

static void print_route(json_t *route)
{
	const char *proof = ng_text(route, "proof");
	const char *text = ng_text(route, "text");
	struct row r = { 0 };

	printf("  ");
	put(&r, 32, ng_text(route, "prefix"));
	if (strcmp(proof, "none") == 0) {
		put_rest(&r, "not announced");
		return;
	}
	put(&r, 14, proof);
	put_rest(&r, text);
}

/* Where it stands and what it waits for. */
static void print_notes(json_t *unit)
{
	long long penalty = ng_number(unit, "penalty");
	char span[AGENT_SPAN_MAX];

	if (ng_number(unit, "until_ms") > 0)
		printf(" (%s left)",
		       agent_span(span, ng_get(unit, "until_ms", NULL)));
	if (penalty)
		printf(" (penalty %lld%s)", penalty,
		       json_is_true(ng_get(unit, "suppressed", NULL))
			       ? ", suppressed" : "");
	putchar('\n');
}

static void print_unit(json_t *unit)
{
	json_t *routes = ng_get(unit, "routes", NULL), *route;
	struct row r = { 0 };
	char name[64];
	size_t at;

	snprintf(name, sizeof(name), "%.40s %s", ng_text(unit, "name"),
		 agent_family(unit));
	put(&r, 16, name);
	put(&r, 9, ng_text(unit, "state"));
	put_span(&r, 7, unit, "since_ms");
	put(&r, 0, ng_text(unit, "cause"));
	print_notes(unit);
	json_array_foreach(routes, at, route)
		print_route(route);
}

static void print_probe(json_t *probe)
{
	long long took_us = ng_number(probe, "took_us");
	const char *family = agent_family(probe);
	char name[64], took[32] = "-";
	struct row r = { 0 };

	snprintf(name, sizeof(name), "%.40s%s%s", ng_text(probe, "name"),
		 *family ? " " : "", family);
	if (ng_number(probe, "attempts"))
		snprintf(took, sizeof(took), "%lld.%lld ms", took_us / 1000,
			 took_us % 1000 / 100);
	put(&r, 16, name);
	put(&r, 9, ng_text(probe, "state"));
	put_span(&r, 7, probe, "age_ms");
	put(&r, 9, took);
	put_rest(&r, ng_text(probe, "text"));
}

static void print_session(json_t *session)
{
	struct row r = { 0 };
	char as[24];

	snprintf(as, sizeof(as), "%lld", (long long)ng_number(session, "as"));
	put(&r, 24, ng_text(session, "neighbor"));
	put(&r, 10, as);
	put(&r, 9, json_is_true(ng_get(session, "up", NULL)) ? "up" : "down");
	put_span(&r, 7, session, "since_ms");
	put_rest(&r, ng_text(session, "reason"));
}

static void print_peer(json_t *peer)
{
	json_t *skew = ng_get(peer, "skew_ms", NULL);
	struct row r = { 0 };
	char clock[32] = "";

	if (json_is_integer(skew))
		snprintf(clock, sizeof(clock), "%+lld ms",
			 (long long)json_integer_value(skew));
	put(&r, 16, ng_text(peer, "name"));
	put(&r, 9, ng_text(peer, "state"));
	put_span(&r, 7, peer, "age_ms");
	put_rest(&r, clock);
}

static void print_table(json_t *from, const char *name, const char *head,
			void (*row)(json_t *))
{
	json_t *list = ng_get(from, name, NULL), *entry;
	size_t at;

	if (!json_array_size(list))
		return;
	printf("\n%s\n", head);
	json_array_foreach(list, at, entry)
		row(entry);
}

static const char peers_head[] = "PEER             STATE     HEARD   CLOCK";

static void print_status(json_t *status)
{
	print_node(status);
	print_table(status, "groups",
		    "UNIT             STATE     FOR     CAUSE", print_unit);
	print_table(status, "probes",
		    "PROBE            STATE     AGE     TOOK      RESULT",
		    print_probe);
	print_table(status, "sessions",
		    "SESSION                  AS         STATE     FOR     LAST "
		    "REASON", print_session);
	print_table(status, "peers", peers_head, print_peer);
}

static int status_of_agent(const struct ctl *ctl, json_t *status)
{
	if (ctl->json)
		return ctl_print_json(status);
	print_status(status);
	return CTL_OK;
}

static int status_of_files(const struct ctl *ctl)
{
	printf("agent    none listens at %s\n", ctl->agent);
	return ctl_print_state(ctl);
}

int ctl_status(const struct ctl *ctl)
{
	json_t *reply;
	int status = agent_ask(&reply, ctl, json_pack("{ss}", "command",
						      "status"));

	if (!status && reply)
		status = status_of_agent(ctl, reply);
	else if (!status && ctl->json)
		status = agent_command(&reply, ctl, "status");
	else if (!status)
		status = status_of_files(ctl);
	else if (!ctl->json)
		ctl_print_state(ctl);	/* better than nothing */
	if (!status && ctl->pinner_given)
		status = ctl_print_pinner(ctl->pinner);
	json_decref(reply);
	return status;
}

/* ---- why */

int ctl_why(const struct ctl *ctl)
{
	json_t *reply, *line;
	int status = agent_command(&reply, ctl, "why");
	size_t at;

	if (!status && ctl->json) {
		status = ctl_print_json(reply);
	} else if (!status) {
		json_array_foreach(ng_get(reply, "lines", NULL), at, line) {
			ctl_print_clean(ng_text_of(line));
			putchar('\n');
		}
	}
	json_decref(reply);
	return status;
}

/* ---- log */

/* "service IPv4", "192.0.2.53 IPv4" (a route, a session), "IPv6" or "" */
static void format_subject(char *out, size_t room, json_t *entry)
{
	const char *group = ng_text(entry, "group");
	const char *name = *group ? group : ng_text(entry, "name");
	const char *family = agent_family(entry);

	snprintf(out, room, "%.48s%s%s", name, *name && *family ? " " : "",
		 family);
}

static void print_entry(json_t *entry)
{
	const char *from = ng_text(entry, "from"), *to = ng_text(entry, "to");
	const char *cause = ng_text(entry, "cause");
	struct row r = { 0 };
	char subject[64];

	format_subject(subject, sizeof(subject), entry);
	put(&r, 24, ng_text(entry, "time"));
	put(&r, 7, ng_text(entry, "what"));
	put(&r, 12, *subject ? subject : "-");
	if (*from) {
		put(&r, 0, from);
		put(&r, 0, "->");
	}
	if (*to)
		put(&r, 0, to);
	if (*cause) {
		printf("%*s(", r.padding, "");
		ctl_print_clean(cause);
		putchar(')');
	}
	putchar('\n');
}

int ctl_log(const struct ctl *ctl)
{
	json_t *request = json_pack("{ss}", "command", "log");
	json_t *reply, *entry;
	uint32_t lines;
	size_t at;
	int status;

	if (ctl->operand) {
		if (slice_u32(&lines, slice_str(ctl->operand), 100000)) {
			json_decref(request);
			ctl_complain("log %s: not a number of lines",
				     ctl->operand);
			return CTL_USAGE;
		}
		json_object_set_new(request, "lines", json_integer(lines));
	}
	status = agent_ask(&reply, ctl, request);
	if (!status && !reply)
		status = agent_command(&reply, ctl, "log");	/* says so */
	if (!status && ctl->json) {
		status = ctl_print_json(reply);
	} else if (!status) {
		json_array_foreach(ng_get(reply, "lines", NULL), at, entry)
			print_entry(entry);
	}
	json_decref(reply);
	return status;
}

/* ---- nodes */

static const char *site_word(json_t *node)
{
	json_t *same = ng_get(node, "same_site", NULL);

	return json_is_true(same) ? "same" : json_is_false(same) ? "ANOTHER"
								 : "-";
}

/* One node of the cluster, ourselves first. */
static void print_member(json_t *node, bool self)
{
	bool drained = json_is_true(ng_get(node, "drained", NULL));
	json_t *calls = ng_get(node, "calls", NULL);
	struct row r = { 0 };
	char cnt[24] = "-";

	if (json_is_integer(calls))
		snprintf(cnt, sizeof(cnt), "%lld",
			 (long long)json_integer_value(calls));
	put(&r, 16, ng_text(node, "name"));
	put(&r, 9, drained && strcmp(ng_text(node, "state"), "draining") == 0
			   ? "drained" : ng_text(node, "state"));
	put_span(&r, 7, node, "since_ms");
	put(&r, 7, cnt);
	if (self)
		put(&r, 7, "self");
	else
		put_span(&r, 7, node, "age_ms");
	put_rest(&r, self ? "same" : site_word(node));
}

int ctl_nodes(const struct ctl *ctl)
{
	json_t *reply, *peer;
	size_t at;
	int status = agent_command(&reply, ctl, "nodes");

	if (!status && ctl->json) {
		status = ctl_print_json(reply);
	} else if (!status) {
		puts("NODE             STATE     FOR     CALLS   HEARD   SITE "
		     "FILE");
		print_member(ng_get(reply, "self", NULL), true);
		json_array_foreach(ng_get(reply, "peers", NULL), at, peer)
			print_member(peer, false);
	}
	json_decref(reply);
	return status;
}
