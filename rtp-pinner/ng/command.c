/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/ng/command_priv.h"

#include <errno.h>

static const char *const verbs[NG_VERBS] = {
	[NG_PING] = "ping",
	[NG_OFFER] = "offer",
	[NG_ANSWER] = "answer",
	[NG_DELETE] = "delete",
	[NG_QUERY] = "query",
	[NG_LIST] = "list",
	[NG_STATISTICS] = "statistics",
	[NG_DRAIN] = "drain",
	[NG_UNDRAIN] = "undrain",
	[NG_NODE_INFO] = "node info",
};

const char *ng_verb_name(enum ng_verb verb)
{
	return (unsigned)verb < NG_VERBS ? verbs[verb] : "?";
}

static const char *read_verb(enum ng_verb *out, const struct ng_value *root)
{
	const struct ng_value *v = ng_find(root, "command");

	if (!v || v->type != NG_IS_STRING)
		return "Dictionary contains no key \"command\"";
	for (unsigned i = 0; i < NG_VERBS; i++) {
		if (ng_key_equal(v->string, slice_str(verbs[i]))) {
			*out = i;
			return NULL;
		}
	}
	return "Unrecognized command";
}

/* In the order rtpengine looks, before the call is looked up. */
static const char *missing(const struct ng_command *command)
{
	bool changes = command->verb == NG_OFFER || command->verb == NG_ANSWER;

	if (changes && !command->sdp.text)
		return "No SDP body in message";
	if ((changes || command->verb == NG_DELETE ||
	     command->verb == NG_QUERY) &&
	    !command->call_id.len)
		return "No call-id in message";
	if (changes && !command->from_tag.len)
		return "No from-tag in message";
	if (command->verb == NG_ANSWER && !command->to_tag.len)
		return "No to-tag in message";
	return NULL;
}

int ng_command_read(struct ng_command *out, const char **reason,
		    const struct ng_dict *dict)
{
	const struct ng_value *root = &dict->values[0];
	struct reader r = { .command = out };

	*out = (struct ng_command){ .tos = -1, .delete_delay_ms = -1 };
	*reason = read_verb(&out->verb, root);
	if (*reason)
		return EBADMSG;

	for (const struct ng_value *v = root->first; v; v = v->next)
		read_key(&r, v);

	/* a prefix gate without a prefix lets no one else in */
	if (out->gate == NG_GATE_PREFIX && !out->gate_prefix_cnt) {
		out->gate = NG_GATE_STRICT;
		out->unknown_cnt++;
	}

	/* Kamailio 6.0 sends a delete's To tag always when the flags are ours
	 * to read, but only the flag says that it is to select.
	 */
	if (out->verb == NG_DELETE && r.had_rtpp && !r.to_tag_wanted)
		out->to_tag = (struct slice){ 0 };

	*reason = missing(out);
	return *reason ? EBADMSG : 0;
}
