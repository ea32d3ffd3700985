/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/kernel/rtnl.h"

#include <assert.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static_assert(NLMSG_ALIGNTO == 4 && RTA_ALIGNTO == 4, "one alignment");

static size_t aligned(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* ---- reading ---- */

/* A struct of the wire; zeroed when the cursor fails. */
static void take_struct(void *out, size_t size, struct cursor *c)
{
	struct slice s = cursor_take(c, size);

	memset(out, 0, size);
	if (s.len)
		memcpy(out, s.text, s.len);
}

/* What follows a header of header_len bytes that said len for both, and the
 * filling up to the next one, which the last one may lack.
 */
static struct slice take_body(struct cursor *c, size_t len, size_t header_len)
{
	struct slice body = { 0 };
	size_t fill = aligned(len) - len;

	if (len < header_len)
		cursor_fail(c);
	else
		body = cursor_take(c, len - header_len);
	cursor_take(c, fill < cursor_left(c) ? fill : cursor_left(c));
	return body;
}

static struct slice take_attribute(struct cursor *c, unsigned *type)
{
	struct rtattr head;

	take_struct(&head, sizeof(head), c);
	*type = head.rta_type & NLA_TYPE_MASK;
	return take_body(c, head.rta_len, sizeof(head));
}

static bool read_u32(uint32_t *out, struct slice s)
{
	if (s.len != sizeof(*out))
		return false;
	memcpy(out, s.text, sizeof(*out));
	return true;
}

static bool read_prefix(struct prefix *out, const struct rtmsg *head,
			struct slice dst)
{
	size_t bytes = head->rtm_family == AF_INET ? 4 : 16;
	uint8_t bytes_be[16] = { 0 };

	if (head->rtm_dst_len > 8 * bytes ||
	    dst.len != (dst.len || head->rtm_dst_len ? bytes : 0))
		return false;
	if (dst.len)
		memcpy(bytes_be, dst.text, dst.len);
	if (bytes == 4)
		addr_from_ip4(&out->addr, bytes_be);
	else
		addr_from_ip6(&out->addr, bytes_be);
	out->len = head->rtm_dst_len;
	return true;
}

static bool read_route(struct rtnl_route *out, struct slice body)
{
	struct cursor c = cursor_of(body.text, body.len);
	struct slice dst = { 0 };
	struct rtmsg head;
	bool fine = true;

	take_struct(&head, sizeof(head), &c);
	if (head.rtm_family != AF_INET && head.rtm_family != AF_INET6)
		return false;
	*out = (struct rtnl_route){
		.table = head.rtm_table,
		.protocol = head.rtm_protocol,
		.type = head.rtm_type,
	};
	while (cursor_left(&c)) {
		unsigned type;
		struct slice value = take_attribute(&c, &type);

		if (type == RTA_DST)
			dst = value;
		else if (type == RTA_TABLE)
			fine &= read_u32(&out->table, value);
		else if (type == RTA_PRIORITY)
			fine &= read_u32(&out->metric, value);
		else if (type == RTA_OIF)
			fine &= read_u32(&out->ifindex, value);
	}
	return cursor_ok(&c) && fine && read_prefix(&out->prefix, &head, dst);
}

static bool read_link(struct rtnl_message *out, struct slice body)
{
	struct cursor c = cursor_of(body.text, body.len);
	struct ifinfomsg head;

	take_struct(&head, sizeof(head), &c);
	out->ifindex = (uint32_t)head.ifi_index;
	out->is_up = head.ifi_flags & IFF_UP;
	return cursor_ok(&c);
}

/* Both begin with minus the errno; a dump's end of old kernels is empty. */
static bool read_error(int *out_err, struct slice body, bool may_be_empty)
{
	int32_t error = 0;

	if (may_be_empty && !body.len)
		return true;
	if (body.len < sizeof(error))
		return false;
	memcpy(&error, body.text, sizeof(error));
	if (error > 0 || error < -4095)	/* MAX_ERRNO of the kernel */
		return false;
	*out_err = -error;
	return true;
}

static enum rtnl_kind read_kind(struct rtnl_message *out, unsigned type,
				struct slice body)
{
	switch (type) {
	case RTM_NEWROUTE:
		return read_route(&out->route, body) ? RTNL_ROUTE : RTNL_OTHER;
	case RTM_DELROUTE:
		return read_route(&out->route, body) ? RTNL_ROUTE_GONE
						     : RTNL_OTHER;
	case RTM_NEWLINK:
		return read_link(out, body) ? RTNL_LINK : RTNL_OTHER;
	case RTM_DELLINK:
		return read_link(out, body) ? RTNL_LINK_GONE : RTNL_OTHER;
	case NLMSG_DONE:
		return read_error(&out->err, body, true) ? RTNL_DONE
							 : RTNL_OTHER;
	case NLMSG_ERROR:
		return read_error(&out->err, body, false) ? RTNL_ACK
							  : RTNL_OTHER;
	case NLMSG_OVERRUN:
		return RTNL_OVERRUN;
	default:
		return RTNL_OTHER;
	}
}

int rtnl_read(struct rtnl_message *out, struct cursor *c)
{
	struct nlmsghdr head;
	struct slice body;

	*out = (struct rtnl_message){ .kind = RTNL_OTHER };
	if (cursor_ok(c) && !cursor_left(c))
		return ENOENT;
	take_struct(&head, sizeof(head), c);
	body = take_body(c, head.nlmsg_len, sizeof(head));
	if (!cursor_ok(c))
		return EBADMSG;
	out->seq = head.nlmsg_seq;
	out->port = head.nlmsg_pid;
	out->interrupted = head.nlmsg_flags & NLM_F_DUMP_INTR;
	out->kind = read_kind(out, head.nlmsg_type, body);
	return 0;
}

/* ---- writing ---- */

static void put(struct rtnl_writer *w, const void *bytes, size_t len)
{
	if (w->full || w->room - w->len < aligned(len)) {
		w->full = true;
		return;
	}
	memset(w->bytes + w->len, 0, aligned(len));
	memcpy(w->bytes + w->len, bytes, len);
	w->len += aligned(len);
}

static void put_attribute(struct rtnl_writer *w, uint16_t type,
			  const void *bytes, size_t len)
{
	const struct rtattr head = {
		.rta_len = (uint16_t)(sizeof(head) + len),
		.rta_type = type,
	};

	put(w, &head, sizeof(head));
	put(w, bytes, len);
}

static void put_u32(struct rtnl_writer *w, uint16_t type, uint32_t value)
{
	put_attribute(w, type, &value, sizeof(value));
}

/* Returns where the message begins, for end_message(). */
static size_t begin_message(struct rtnl_writer *w, uint16_t type,
			    uint16_t flags, uint32_t seq)
{
	const struct nlmsghdr head = {
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.nlmsg_seq = seq,
	};
	size_t at = w->len;

	put(w, &head, sizeof(head));
	return at;
}

/* A message is there whole or not at all. */
static void end_message(struct rtnl_writer *w, size_t at)
{
	uint32_t len = (uint32_t)(w->len - at);

	if (w->full)
		w->len = at;
	else
		memcpy(w->bytes + at, &len, sizeof(len));
}

static uint8_t af_of(uint8_t family)
{
	return family == ADDR_IP6 ? AF_INET6 : AF_INET;
}

static void write_route(struct rtnl_writer *w, uint16_t type, uint16_t flags,
			uint32_t seq, const struct rtnl_route *r)
{
	uint8_t family = r->prefix.addr.family;
	const struct rtmsg head = {
		.rtm_family = af_of(family),
		.rtm_dst_len = r->prefix.len,
		.rtm_table = (uint8_t)(r->table < 256 ? r->table
						      : RT_TABLE_UNSPEC),
		.rtm_protocol = r->protocol,
		/* to a device, with no next hop behind it */
		.rtm_scope = RT_SCOPE_LINK,
		.rtm_type = r->type,
	};
	size_t at = begin_message(w, type, flags | NLM_F_ACK, seq);

	put(w, &head, sizeof(head));
	put_attribute(w, RTA_DST, r->prefix.addr.bytes_be,
		      family == ADDR_IP6 ? 16 : 4);
	put_u32(w, RTA_TABLE, r->table);
	put_u32(w, RTA_PRIORITY, r->metric);
	put_u32(w, RTA_OIF, r->ifindex);
	end_message(w, at);
}

void rtnl_write_add(struct rtnl_writer *w, uint32_t seq,
		    const struct rtnl_route *r)
{
	write_route(w, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, seq, r);
}

void rtnl_write_delete(struct rtnl_writer *w, uint32_t seq,
		       const struct rtnl_route *r)
{
	write_route(w, RTM_DELROUTE, 0, seq, r);
}

void rtnl_write_dump(struct rtnl_writer *w, uint32_t seq, uint8_t family,
		     uint32_t table, uint8_t protocol)
{
	const struct rtmsg head = {
		.rtm_family = af_of(family),
		.rtm_table = (uint8_t)(table < 256 ? table : RT_TABLE_UNSPEC),
		.rtm_protocol = protocol,
	};
	size_t at = begin_message(w, RTM_GETROUTE, NLM_F_DUMP, seq);

	put(w, &head, sizeof(head));
	put_u32(w, RTA_TABLE, table);
	end_message(w, at);
}

void rtnl_write_link_up(struct rtnl_writer *w, uint32_t seq, uint32_t ifindex)
{
	const struct ifinfomsg head = {
		.ifi_index = (int)ifindex,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	size_t at = begin_message(w, RTM_NEWLINK, NLM_F_ACK, seq);

	put(w, &head, sizeof(head));
	end_message(w, at);
}

void rtnl_write_link_quiet(struct rtnl_writer *w, uint32_t seq,
			   uint32_t ifindex)
{
	const struct ifinfomsg head = { .ifi_index = (int)ifindex };
	/* IFLA_AF_SPEC { AF_INET6 { IFLA_INET6_ADDR_GEN_MODE } } */
	const struct {
		struct rtattr family;
		struct rtattr mode_head;
		uint8_t mode;
		uint8_t fill[3];
	} spec = {
		.family = {
			.rta_len = sizeof(spec),
			.rta_type = AF_INET6,
		},
		.mode_head = {
			.rta_len = sizeof(spec.mode_head) + 1,
			.rta_type = IFLA_INET6_ADDR_GEN_MODE,
		},
		.mode = IN6_ADDR_GEN_MODE_NONE,
	};
	size_t at = begin_message(w, RTM_NEWLINK, NLM_F_ACK, seq);

	put(w, &head, sizeof(head));
	put_attribute(w, IFLA_AF_SPEC, &spec, sizeof(spec));
	end_message(w, at);
}
