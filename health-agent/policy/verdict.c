/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/policy/verdict.h"

#include <limits.h>

static bool is_good(enum health_attempt what)
{
	return what == HEALTH_GOOD;
}

static void count(struct verdict *v, enum health_attempt what)
{
	if (v->run && is_good(v->last) == is_good(what))
		v->run += v->run < UINT_MAX;
	else
		v->run = 1;
	v->last = what;
}

/* Neither kind of run in twice the attempts that both would need: nothing that
 * can be trusted is there.
 */
static bool is_unsteady(const struct verdict *v,
			const struct health_probe_conf *conf)
{
	return v->tried / 2 >= (uint64_t)conf->rise + conf->fall;
}

static void decide(struct verdict *v, enum node_state state, bool unsteady)
{
	v->state = state;
	v->unsteady = unsteady;
}

void verdict_attempt(struct verdict *v, const struct health_probe_conf *conf,
		     enum health_attempt what, const char *text, bool first)
{
	words_clean(v->text, sizeof(v->text), text);
	count(v, what);

	if (is_good(what) && (first || v->run >= conf->rise))
		decide(v, NODE_UP, false);
	else if (!is_good(what) && (first || what == HEALTH_GONE ||
				    v->run >= conf->fall))
		decide(v, NODE_DOWN, false);
	if (v->state != NODE_UNKNOWN)
		return;

	v->tried++;
	if (is_unsteady(v, conf))
		decide(v, NODE_DOWN, true);
}

bool verdict_undecided(const struct verdict *v)
{
	return v->state == NODE_UNKNOWN ||
	       (v->state == NODE_UP) != is_good(v->last);
}

unsigned verdict_needs(const struct verdict *v,
		       const struct health_probe_conf *conf)
{
	if (v->state == NODE_UP)
		return 0;
	if (!v->run || !is_good(v->last))
		return conf->rise;
	/* an inherited one may have had more already */
	return v->run < conf->rise ? conf->rise - v->run : 1;
}

void verdict_add_name(struct words *w, const struct health_probe_conf *conf)
{
	words_add(w, "%s", conf->name);
	if (conf->family != ADDR_NONE)
		words_add(w, " (%s)", words_family(conf->family));
}

static void add_bad(struct words *w, const struct verdict *v,
		    const struct health_probe_conf *conf)
{
	if (v->unsteady)
		words_add(w, " is unsteady, never good %u times in a row",
			  conf->rise);
	else if (is_good(v->last))
		words_add(w, " recovers: %u of %u good attempts", v->run,
			  conf->rise);
	else if (v->last == HEALTH_GONE)
		words_add(w, " is gone");
	else if (v->run == 1)
		words_add(w, " has failed");
	else
		words_add(w, " has failed %u times", v->run);
	if (!is_good(v->last) && v->text[0])
		words_add(w, ": %s", v->text);
}

static void add_undecided(struct words *w, const struct verdict *v,
			  const struct health_probe_conf *conf)
{
	if (!v->run)
		words_add(w, " has not answered yet");
	else if (is_good(v->last))
		words_add(w, ": %u of %u good attempts", v->run, conf->rise);
	else
		words_add(w, ": %u of %u bad attempts: %s", v->run, conf->fall,
			  v->text);
}

void verdict_add_words(struct words *w, const struct verdict *v,
		       const struct health_probe_conf *conf)
{
	verdict_add_name(w, conf);
	if (v->state == NODE_DOWN)
		add_bad(w, v, conf);
	else if (v->state == NODE_UNKNOWN)
		add_undecided(w, v, conf);
	else if (!is_good(v->last))
		words_add(w, " fails: %u of %u bad attempts: %s", v->run,
			  conf->fall, v->text);
	else
		words_add(w, " is good: %s", v->text);
}
