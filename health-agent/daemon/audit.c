/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/site.h"
#include "health-agent/daemon/audit_file.h"
#include "health-agent/daemon/json_text.h"

enum { TAIL_MAX = 131072 };	/* AUDIT_KEPT lines and more */

/* What one piece of work takes to the thread and brings back. */
struct batch {
	uv_work_t work;
	bool busy, reopen;
	char *text;		/* whole lines */
	size_t len;
	unsigned written, lost;
	int err;		/* of the last line */
};

struct audit {
	uv_loop_t *loop;	/* borrowed */
	char node[SITE_NAME_MAX];
	/* line n, counted from the start, is lines[n % AUDIT_KEPT]; those
	 * below `next' have been given to the thread, or are lost
	 */
	char *lines[AUDIT_KEPT];
	uint64_t cnt, next;
	bool reopen, warned;
	uint64_t said;		/* lost lines told of */
	struct audit_stats stats;
	struct batch batch;
	struct audit_file file;	/* the thread's, while it is busy */
};

const char *audit_what_name(enum audit_what what)
{
	static const char *const names[AUDIT_WHATS] = {
		[AUDIT_UNIT] = "unit",	     [AUDIT_NODE] = "node",
		[AUDIT_ORDER] = "order",     [AUDIT_PROBE] = "probe",
		[AUDIT_SESSION] = "session", [AUDIT_RELOAD] = "reload",
		[AUDIT_START] = "start",     [AUDIT_WORKER] = "worker",
		[AUDIT_ROUTE] = "route",     [AUDIT_DRAIN] = "drain",
		[AUDIT_AUDIT] = "audit",
	};

	return (unsigned)what < AUDIT_WHATS ? names[what] : "unknown";
}

/* ---- a line */

static void format_time(char out[static 32], uint64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, 32 - n, ".%03uZ", (unsigned)(wall_ms % 1000));
}

static json_t *text_or_empty(const char *text)
{
	return json_text(text ? text : "");
}

static json_t *object_of(const struct audit_entry *e, const char *node,
			 uint64_t wall_ms, uint64_t boot_ms)
{
	char time_text[32];

	format_time(time_text, wall_ms);
	return json_pack("{so,sI,so,so,so,so,si,so,so,so}", "time",
			 json_text(time_text), "boot_ms", (json_int_t)boot_ms,
			 "node", json_text(node), "what",
			 json_text(audit_what_name(e->what)), "name",
			 text_or_empty(e->name), "group",
			 text_or_empty(e->group), "family", (int)e->family,
			 "from", text_or_empty(e->from), "to",
			 text_or_empty(e->to), "cause",
			 text_or_empty(e->cause));
}

char *audit_format(const struct audit_entry *entry, const char *node,
		   uint64_t wall_ms, uint64_t boot_ms)
{
	return json_line(object_of(entry, node, wall_ms, boot_ms));
}

/* ---- to the disk */

static void work(uv_work_t *req)
{
	struct audit *a = req->data;
	struct batch *b = &a->batch;
	const char *line = b->text, *end = b->text + b->len;

	if (b->reopen)
		audit_file_reopen(&a->file);
	while (line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)(next - line) + 1;

		b->err = audit_file_write(&a->file, line, len);
		if (b->err)
			b->lost++;
		else
			b->written++;
		line += len;
	}
}

static void begin(struct audit *a);

static void tell_of_loss(struct audit *a)
{
	char cause[96];

	snprintf(cause, sizeof(cause), "written again; lines lost so far: %llu",
		 (unsigned long long)a->stats.lost);
	a->said = a->stats.lost;
	audit_add(a, &(struct audit_entry){ .what = AUDIT_AUDIT,
					    .cause = cause });
}

static void account(struct audit *a, unsigned written, unsigned lost, int err)
{
	a->stats.written += written;
	a->stats.lost += lost;
	a->stats.err = err;
	if (err && !a->warned)
		log_warn("audit: %s cannot be written (%s): lines are lost, "
			 "and counted", a->file.path, strerror(err));
	else if (!err && a->warned)
		log_info("audit: %s is written again", a->file.path);
	a->warned = err != 0;
}

static void done(uv_work_t *req, int status)
{
	struct audit *a = req->data;
	struct batch *b = &a->batch;

	(void)status;
	b->busy = false;
	a->stats.busy_ms = 0;
	free(b->text);
	b->text = NULL;
	account(a, b->written, b->lost, b->err);
	if (!a->stats.err && a->stats.lost > a->said)
		tell_of_loss(a);
	else
		begin(a);
}

/* What the thread did not come to before it was overwritten is lost. */
static void skip_overwritten(struct audit *a)
{
	uint64_t oldest = a->cnt > AUDIT_KEPT ? a->cnt - AUDIT_KEPT : 0;

	if (a->next >= oldest)
		return;
	a->stats.lost += oldest - a->next;
	a->next = oldest;
}

static bool fill_batch(struct audit *a)
{
	struct batch *b = &a->batch;
	size_t len = 0;

	for (uint64_t n = a->next; n < a->cnt; n++)
		len += strlen(a->lines[n % AUDIT_KEPT]);
	*b = (struct batch){ .reopen = a->reopen, .text = malloc(len + 1) };
	if (!b->text)
		return false;
	for (uint64_t n = a->next; n < a->cnt; n++) {
		const char *line = a->lines[n % AUDIT_KEPT];
		size_t line_len = strlen(line);

		memcpy(b->text + b->len, line, line_len);
		b->len += line_len;
	}
	return true;
}

/* Without memory the lines wait for the next one. */
static void begin(struct audit *a)
{
	struct batch *b = &a->batch;

	if (b->busy)
		return;
	skip_overwritten(a);
	if ((a->next == a->cnt && !a->reopen) || !fill_batch(a))
		return;
	b->work.data = a;
	if (uv_queue_work(a->loop, &b->work, work, done) != 0) {
		free(b->text);
		return;
	}
	b->busy = true;
	a->stats.busy_ms = clock_boot_ms();
	a->reopen = false;
	a->next = a->cnt;
}

/* ---- in memory */

static void keep(struct audit *a, char *line)
{
	char **place = &a->lines[a->cnt++ % AUDIT_KEPT];

	free(*place);
	*place = line;
}

static bool is_entry(const char *line, size_t len)
{
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	bool is = json_is_string(json_object_get(object, "time")) &&
		  json_is_string(json_object_get(object, "what"));

	json_decref(object);
	return is;
}

/* What an earlier worker wrote, so that its end does not begin the log. */
static void read_tail(struct audit *a)
{
	char *text = malloc(TAIL_MAX), *line = text, *end;
	size_t len = 0;

	if (!text)
		return;
	audit_file_tail(&a->file, text, TAIL_MAX, &len);
	while ((end = memchr(line, '\n', (size_t)(text + len - line)))) {
		size_t line_len = (size_t)(end - line) + 1;
		char *copy = is_entry(line, line_len) ? strndup(line, line_len)
						      : NULL;

		if (copy)
			keep(a, copy);
		line = end + 1;
	}
	a->next = a->cnt;
	free(text);
}

int audit_new(struct audit **out, uv_loop_t *loop, const char *path,
	      const char *node)
{
	struct audit *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return ENOMEM;
	a->loop = loop;
	snprintf(a->node, sizeof(a->node), "%s", node);
	err = audit_file_init(&a->file, path, AUDIT_FILE_MAX);
	if (err) {
		free(a);
		return err;
	}
	read_tail(a);
	*out = a;
	return 0;
}

void audit_add(struct audit *a, const struct audit_entry *entry)
{
	char *line = audit_format(entry, a->node, clock_wall_ns() / 1000000,
				  clock_boot_ms());

	if (!line) {
		a->stats.lost++;
		return;
	}
	keep(a, line);
	begin(a);
}

json_t *audit_last(const struct audit *a, size_t lines)
{
	uint64_t from = a->cnt > AUDIT_KEPT ? a->cnt - AUDIT_KEPT : 0;
	json_t *list = json_array();

	if (a->cnt - from > lines)
		from = a->cnt - lines;
	for (uint64_t n = from; list && n < a->cnt; n++) {
		json_t *object = json_loads(a->lines[n % AUDIT_KEPT], 0, NULL);

		if (json_array_append_new(list, object) < 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

void audit_reopen(struct audit *a)
{
	a->reopen = true;
	begin(a);
}

const struct audit_stats *audit_stats(const struct audit *a)
{
	return &a->stats;
}

void audit_free(struct audit *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < AUDIT_KEPT; i++)
		free(a->lines[i]);
	free(a->batch.text);
	audit_file_fini(&a->file);
	free(a);
}
