/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_bed.h - a site, and a conf made of text and arguments */
#ifndef AGENT_CONF_BED_H
#define AGENT_CONF_BED_H

#include "common/test/lines.h"
#include "common/test/scratch.h"

#include <errno.h>

#include "health-agent/daemon/conf_priv.h"

#define BED_SERVICE(more) \
	"[service]\n" \
	"domain = sip.example.net\n" \
	"secret = some-secret-of-16-chars-or-more\n" more
#define BED_BOTH "address = 192.0.2.53, 2001:db8:53::53\n"

/* full: both families, TLS, HTTP, DNS, two nodes */
#define BED_FULL \
	BED_SERVICE(BED_BOTH "tls = yes\nsips-port = 5091\n" \
		    "dns = yes\ndns-port = 5353\n") \
	"[node a]\n" \
	"address = 198.51.100.11, 2001:db8:1::11\n" \
	"host = a.sip.example.net\n" \
	"http = https://a.www.example.net\n" \
	"sip-port = 5070\n" \
	"local-as = 64511\n" \
	"neighbor = 198.51.100.1 as 64500\n" \
	"neighbor = 2001:db8:1::1 as 64500\n" \
	"[node b]\n" \
	"address = 198.51.100.75, 2001:db8:2::75\n" \
	"class = local\n"

enum { BED_ARGS_MAX = 16 };

static inline int bed_setup(void **state)
{
	int err = scratch_setup(state);

	if (!err)
		scratch_write("site", BED_FULL, strlen(BED_FULL));
	return err;
}

/* args: words with blanks between them; @NAME stands for a file of the scratch
 * folder.
 */
static inline int bed_parse(struct agent_conf **out, const char *text,
			    const char *args, struct lines *got)
{
	static char words[BED_ARGS_MAX][PATH_MAX];
	char *argv[BED_ARGS_MAX] = { (char[]){ "anycast-health" } };
	char copy[1024], *rest;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", args);
	for (char *w = strtok_r(copy, " ", &rest); w;
	     w = strtok_r(NULL, " ", &rest)) {
		assert_in_range(argc, 1, BED_ARGS_MAX - 1);
		snprintf(words[argc], sizeof(words[argc]), "%s",
			 *w == '@' ? scratch_path(w + 1) : w);
		argv[argc] = words[argc];
		argc++;
	}
	return agent_conf_parse(out, argc, argv, "c", slice_str(text),
				lines_add, got);
}

#define BED_ARGS "--site @site --node a"

static inline struct agent_conf *bed_good(const char *text, const char *args)
{
	struct lines got = { 0 };
	struct agent_conf *conf = NULL;
	int err = bed_parse(&conf, text, args, &got);

	assert_string_equal(got.text, "");
	assert_int_equal(err, 0);
	assert_non_null(conf);
	return conf;
}

/* The probe of this name and family. */
static inline size_t bed_probe(const struct agent_conf *conf, const char *name,
			       uint8_t family)
{
	for (size_t i = 0; i < conf->health.probe_cnt; i++) {
		if (strcmp(conf->health.probes[i].name, name) == 0 &&
		    conf->health.probes[i].family == family)
			return i;
	}
	fail_msg("no probe %s of family %u", name, family);
	return 0;
}

struct bed_bad {
	const char *text;
	const char *args;	/* NULL: BED_ARGS */
	const char *want;	/* all of it, or a part of it behind a '~' */
	int err;		/* 0: EINVAL */
};

static inline void bed_check_bad(const struct bed_bad *rows, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct bed_bad *row = &rows[i];
		const char *args = row->args ? row->args : BED_ARGS;
		const char *what = row->text[0] ? row->text : args;
		struct lines got = { 0 };
		struct agent_conf *conf = (void *)&got;

		CHECK_EQ(row->err ? row->err : EINVAL,
			 bed_parse(&conf, row->text, args, &got), what);
		if (row->want[0] != '~')
			CHECK_STR(row->want, got.text, what);
		else if (!strstr(got.text, row->want + 1))
			fail_msg("%s:\nno %s in\n%s", what, row->want + 1,
				 got.text);
		CHECK(!conf, what);
	}
}

#endif
