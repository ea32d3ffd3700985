/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/nodestate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/textfile.h"

enum {
	NODESTATE_FILE_MAX = 1 << 20,
	FIRST_PEER_LINE = 3,	/* after the heading and `self' */
};

static const char *const state_names[NODE_STATES] = {
	[NODE_UNKNOWN] = "unknown",
	[NODE_UP] = "up",
	[NODE_DEGRADED] = "degraded",
	[NODE_DRAINING] = "draining",
	[NODE_DOWN] = "down",
	[NODE_DISABLED] = "disabled",
};

const char *node_state_name(enum node_state state)
{
	return (unsigned)state < NODE_STATES ? state_names[state] : "?";
}

int node_state_parse(enum node_state *out, struct slice word)
{
	for (size_t i = 0; i < NODE_STATES; i++) {
		if (slice_equal(word, slice_str(state_names[i]))) {
			*out = (enum node_state)i;
			return 0;
		}
	}
	return EINVAL;
}

/* The values below fail the cursor instead of returning an error. */

static void take_name(struct cursor *c, char out[static SITE_NAME_MAX])
{
	struct slice word = cursor_until(c, " \n");

	if (!cursor_ok(c) || !site_name_valid(word)) {
		cursor_fail(c);
		return;
	}
	memcpy(out, word.text, word.len);
	out[word.len] = '\0';
}

static enum node_state take_state(struct cursor *c)
{
	enum node_state state = NODE_UNKNOWN;

	if (node_state_parse(&state, cursor_until(c, " \n")))
		cursor_fail(c);
	return state;
}

static uint64_t take_ms(struct cursor *c)
{
	uint64_t ms = 0;

	if (slice_u64(&ms, cursor_until(c, " \n"), UINT64_MAX))
		cursor_fail(c);
	return ms;
}

/* True, and taken, if this word comes next. */
static bool next_is(struct cursor *c, const char *word)
{
	struct cursor ahead = *c;

	cursor_expect(&ahead, slice_str(word));
	if (!cursor_ok(&ahead))
		return false;
	*c = ahead;
	return true;
}

static int add_peer(struct nodestate *s, size_t *room,
		    const struct nodestate_peer *peer)
{
	struct nodestate_peer *bigger;
	size_t want = *room ? *room * 2 : 16;

	if (s->peer_cnt == *room) {
		bigger = realloc(s->peers, want * sizeof(*bigger));
		if (!bigger)
			return ENOMEM;
		s->peers = bigger;
		*room = want;
	}
	s->peers[s->peer_cnt++] = *peer;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct nodestate_peer *const *pa = a;
	const struct nodestate_peer *const *pb = b;
	int order = strcmp((*pa)->name, (*pb)->name);

	/* equal names in the order of the file */
	return order ? order : (*pa > *pb) - (*pa < *pb);
}

/* EBADMSG, with *at the index of a peer that has been named before. */
static int check_twice(const struct nodestate *s, size_t *at)
{
	const struct nodestate_peer **sorted;
	int err = 0;

	if (s->peer_cnt < 2)
		return 0;
	sorted = malloc(s->peer_cnt * sizeof(*sorted));
	if (!sorted)
		return ENOMEM;
	for (size_t i = 0; i < s->peer_cnt; i++)
		sorted[i] = &s->peers[i];
	qsort(sorted, s->peer_cnt, sizeof(*sorted), by_name);
	for (size_t i = 1; i < s->peer_cnt && !err; i++) {
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
			*at = (size_t)(sorted[i] - s->peers);
			err = EBADMSG;
		}
	}
	free(sorted);
	return err;
}

/* The lines in their only order; *line is where the cursor stands. */
static int parse_lines(struct nodestate *out, unsigned *line, struct cursor *c)
{
	size_t room = 0;
	int err;

	*line = 1;
	cursor_expect(c, slice_str("sip-anycast-state 1\n"));
	if (!cursor_ok(c))
		return EBADMSG;

	*line = 2;
	cursor_expect(c, slice_str("self "));
	take_name(c, out->self);
	cursor_expect(c, slice_str(" "));
	out->state = take_state(c);
	cursor_expect(c, slice_str("\n"));
	if (!cursor_ok(c))
		return EBADMSG;

	for (*line = FIRST_PEER_LINE; next_is(c, "node "); (*line)++) {
		struct nodestate_peer peer = { 0 };

		take_name(c, peer.name);
		cursor_expect(c, slice_str(" "));
		peer.state = take_state(c);
		cursor_expect(c, slice_str(" "));
		peer.heard_ms = take_ms(c);
		cursor_expect(c, slice_str("\n"));
		if (!cursor_ok(c) || out->peer_cnt == SITE_NODES_MAX ||
		    strcmp(peer.name, out->self) == 0)
			return EBADMSG;
		err = add_peer(out, &room, &peer);
		if (err)
			return err;
	}

	if (next_is(c, "until ")) {
		out->has_until = true;
		out->until_ms = take_ms(c);
		cursor_expect(c, slice_str("\n"));
		if (!cursor_ok(c))
			return EBADMSG;
		(*line)++;
	}
	return cursor_left(c) ? EBADMSG : 0;
}

int nodestate_parse(struct nodestate *out, unsigned *bad_line,
		    struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	size_t twice;
	int err;

	*out = (struct nodestate){ 0 };
	err = parse_lines(out, bad_line, &c);
	if (!err) {
		err = check_twice(out, &twice);
		if (err == EBADMSG)
			*bad_line = FIRST_PEER_LINE + (unsigned)twice;
	}
	if (err)
		nodestate_fini(out);
	else
		*bad_line = 0;
	return err;
}

int nodestate_read(struct nodestate *out, const char *path)
{
	unsigned bad_line;
	size_t len;
	char *text;
	int err;

	*out = (struct nodestate){ 0 };
	err = textfile_read(&text, &len, path, NODESTATE_FILE_MAX);
	if (err)
		return err;
	err = nodestate_parse(out, &bad_line, slice_of(text, len));
	textfile_free(text, len);
	return err;
}

/* What could not be read back is not written. */
static bool is_writable(const struct nodestate *state)
{
	if (!site_name_valid(slice_str(state->self)) ||
	    (unsigned)state->state >= NODE_STATES ||
	    state->peer_cnt > SITE_NODES_MAX)
		return false;
	for (size_t i = 0; i < state->peer_cnt; i++) {
		const struct nodestate_peer *peer = &state->peers[i];

		if (!site_name_valid(slice_str(peer->name)) ||
		    (unsigned)peer->state >= NODE_STATES)
			return false;
	}
	return true;
}

static int print(FILE *f, const struct nodestate *state)
{
	fprintf(f, "sip-anycast-state 1\nself %s %s\n", state->self,
		node_state_name(state->state));
	for (size_t i = 0; i < state->peer_cnt; i++) {
		const struct nodestate_peer *peer = &state->peers[i];

		fprintf(f, "node %s %s %" PRIu64 "\n", peer->name,
			node_state_name(peer->state), peer->heard_ms);
	}
	if (state->has_until)
		fprintf(f, "until %" PRIu64 "\n", state->until_ms);
	if (fflush(f) == EOF || ferror(f))
		return errno ? errno : EIO;
	return 0;
}

static int write_file(const struct nodestate *state, const char *path)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(path, flags, 0644);
	FILE *f;
	int err;

	if (fd < 0)
		return errno;
	/* readers are other users; the caller's umask has no say */
	f = fchmod(fd, 0644) < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		err = errno;
		close(fd);
		return err;
	}
	errno = 0;
	err = print(f, state);
	if (fclose(f) == EOF && !err)
		err = errno;
	return err;
}

int nodestate_write(const struct nodestate *state, const char *path)
{
	char tmp[PATH_MAX];
	int len, err;

	if (!is_writable(state))
		return EINVAL;
	len = snprintf(tmp, sizeof(tmp), "%s.tmp.%ld", path, (long)getpid());
	if (len < 0 || (size_t)len >= sizeof(tmp))
		return ENAMETOOLONG;

	err = write_file(state, tmp);
	if (!err && rename(tmp, path) < 0)
		err = errno;
	if (err)
		unlink(tmp);
	return err;
}

void nodestate_fini(struct nodestate *state)
{
	free(state->peers);
	*state = (struct nodestate){ 0 };
}
