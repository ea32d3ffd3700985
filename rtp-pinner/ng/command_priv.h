/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command_priv.h - what the files that read a command share
 *
 * command.c   the verb, what each verb must have, the order of things
 * keys.c      the keys of the dict and their values
 * flags.c     names in lists: flags, replace, rtcp-mux, supports
 * rtpp.c      the string of flags that Kamailio 6.0 leaves to the relay
 */
#ifndef NG_COMMAND_PRIV_H
#define NG_COMMAND_PRIV_H

#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/ng/dict.h"

struct reader {
	struct ng_command *command;
	bool in_rtpp;		/* in rtpp-flags */
	bool had_rtpp;
	bool to_tag_wanted;	/* the flag `to-tag' of rtpp-flags */
	bool operators_received;	/* received[] is the operator's */
};

/* Call item for each string of a list; of a string, for its parts between
 * commas, or for the parts between spaces where item does not know the whole.
 * item returns false for what it does not know.
 */
typedef bool reader_item_h(struct reader *r, struct slice item);
void reader_items(struct reader *r, const struct ng_value *v,
		  reader_item_h *item);

/* An integer, or a string of digits with or without a sign. */
bool reader_integer(int64_t *out, const struct ng_value *v);

/* keys.c: one entry of the dict, or of rtpp-flags */
void read_key(struct reader *r, const struct ng_value *v);

/* flags.c */
bool read_flag(struct reader *r, struct slice name);
bool read_replace(struct reader *r, struct slice name);
bool read_rtcp_mux(struct reader *r, struct slice name);
bool read_supports(struct reader *r, struct slice name);

/* rtpp.c */
void read_rtpp_flags(struct reader *r, struct slice text);

#endif
