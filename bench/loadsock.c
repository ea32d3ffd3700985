/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/loadsock.h"

#include <errno.h>
#include <netinet/udp.h>
#include <unistd.h>

enum {
	SEGMENTS_LEN_MAX = 65000,	/* one send, before the kernel cuts it */
	SOCKET_BUFFER = 4 << 20,
};

/* The address this host would use towards the target. */
static int find_source(struct in_addr *out, const struct sockaddr_in *target)
{
	struct sockaddr_in local;
	socklen_t len = sizeof(local);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)target, sizeof(*target)) ||
	    getsockname(fd, (struct sockaddr *)&local, &len))
		err = errno;
	else
		*out = local.sin_addr;
	close(fd);
	return err;
}

static void inbox_init(struct loadsock *s)
{
	for (unsigned i = 0; i < LOADSOCK_BATCH; i++) {
		s->in.iovs[i] = (struct iovec){
			.iov_base = s->in.texts[i],
			.iov_len = LOADSOCK_DATAGRAM_MAX,
		};
		s->in.msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &s->in.peers[i],
			.msg_iov = &s->in.iovs[i],
			.msg_iovlen = 1,
			.msg_control = &s->in.cmsgs[i],
		};
	}
}

int loadsock_open(struct loadsock *s, const struct sockaddr_in *target,
		  struct in_addr *source, bool many_sources)
{
	struct sockaddr_in local = { .sin_family = AF_INET };
	socklen_t len = sizeof(local);
	int size = SOCKET_BUFFER, on = 1, err;

	s->many_sources = many_sources;
	inbox_init(s);
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return errno;

	/* Best effort: rmem_max may allow less. */
	(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));

	if (many_sources) {
		if (setsockopt(s->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)))
			return errno;
	} else {
		err = source->s_addr ? 0 : find_source(source, target);
		if (err)
			return err;
		local.sin_addr = *source;
	}
	if (bind(s->fd, (struct sockaddr *)&local, sizeof(local)) ||
	    getsockname(s->fd, (struct sockaddr *)&local, &len))
		return errno;

	s->port = ntohs(local.sin_port);
	return 0;
}

void loadsock_close(struct loadsock *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

int loadsock_aim(struct loadsock *s, const struct sockaddr_in *peer)
{
	s->peer = *peer;
	if (!s->many_sources &&
	    connect(s->fd, (const struct sockaddr *)peer, sizeof(*peer)))
		return errno;
	return 0;
}

void loadsock_put(struct loadsock *s, char *text, size_t len,
		  struct in_addr source)
{
	struct loadsock_outbox *o = &s->out;

	o->iovs[o->cnt] = (struct iovec){ .iov_base = text, .iov_len = len };
	o->sources[o->cnt] = source;
	o->cnt++;
}

static void set_cmsg(struct msghdr *m, int level, int type, const void *value,
		     size_t len)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(m);

	cmsg->cmsg_level = level;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cmsg), value, len);
	m->msg_controllen = CMSG_SPACE(len);
}

static void send_one(struct loadsock *s, const struct msghdr *m)
{
	while (sendmsg(s->fd, m, 0) < 0) {
		if (errno == EINTR)
			continue;
		s->send_errors++;
		break;
	}
}

/* To the connected peer: datagrams of one length leave by one call. */
static void flush_runs(struct loadsock *s)
{
	struct loadsock_outbox *o = &s->out;

	for (unsigned from = 0, to; from < o->cnt; from = to) {
		union loadsock_cmsg cmsg = { 0 };
		struct msghdr m = { .msg_iov = &o->iovs[from] };
		size_t total = o->iovs[from].iov_len;
		uint16_t len = (uint16_t)total;

		for (to = from + 1; to < o->cnt; to++) {
			if (o->iovs[to].iov_len != len ||
			    total + len > SEGMENTS_LEN_MAX)
				break;
			total += len;
		}
		m.msg_iovlen = to - from;
		if (m.msg_iovlen > 1) {
			m.msg_control = &cmsg;
			m.msg_controllen = sizeof(cmsg);
			set_cmsg(&m, IPPROTO_UDP, UDP_SEGMENT, &len,
				 sizeof(len));
		}
		send_one(s, &m);
	}
}

static void flush_sources(struct loadsock *s)
{
	struct loadsock_outbox *o = &s->out;
	union loadsock_cmsg cmsgs[LOADSOCK_BATCH] = { 0 };
	struct mmsghdr msgs[LOADSOCK_BATCH] = { 0 };

	for (unsigned i = 0; i < o->cnt; i++) {
		struct in_pktinfo info = { .ipi_spec_dst = o->sources[i] };

		msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &s->peer,
			.msg_namelen = sizeof(s->peer),
			.msg_iov = &o->iovs[i],
			.msg_iovlen = 1,
			.msg_control = &cmsgs[i],
			.msg_controllen = sizeof(cmsgs[i]),
		};
		set_cmsg(&msgs[i].msg_hdr, IPPROTO_IP, IP_PKTINFO, &info,
			 sizeof(info));
	}
	for (unsigned done = 0; done < o->cnt;) {
		int n = sendmmsg(s->fd, msgs + done, o->cnt - done, 0);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			s->send_errors++;
			n = 1;
		}
		done += (unsigned)n;
	}
}

void loadsock_flush(struct loadsock *s)
{
	if (!s->out.cnt)
		return;
	if (s->many_sources)
		flush_sources(s);
	else
		flush_runs(s);
	s->out.cnt = 0;
}

int loadsock_receive(struct loadsock *s, unsigned *cnt)
{
	int n;

	*cnt = 0;
	for (unsigned i = 0; i < LOADSOCK_BATCH; i++) {
		struct msghdr *m = &s->in.msgs[i].msg_hdr;

		m->msg_namelen = sizeof(s->in.peers[0]);
		m->msg_controllen = s->many_sources ? sizeof(s->in.cmsgs[0])
						    : 0;
	}
	n = recvmmsg(s->fd, s->in.msgs, LOADSOCK_BATCH, MSG_DONTWAIT, NULL);
	if (n >= 0) {
		*cnt = (unsigned)n;
		return 0;
	}
	/* ECONNREFUSED: nobody listens; the request will time out */
	if (errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED)
		return 0;
	return errno;
}

struct slice loadsock_text(const struct loadsock *s, unsigned i)
{
	if (s->in.msgs[i].msg_hdr.msg_flags & MSG_TRUNC)
		return (struct slice){ 0 };

	return slice_of(s->in.texts[i], s->in.msgs[i].msg_len);
}

bool loadsock_is_right_way(const struct loadsock *s, unsigned i,
			   struct in_addr source)
{
	const struct sockaddr_in *from = &s->in.peers[i];
	struct msghdr m = s->in.msgs[i].msg_hdr;
	struct in_pktinfo info;
	struct cmsghdr *cmsg;

	if (from->sin_addr.s_addr != s->peer.sin_addr.s_addr ||
	    from->sin_port != s->peer.sin_port)
		return false;
	if (!s->many_sources)
		return true;	/* bound to the only one */

	cmsg = CMSG_FIRSTHDR(&m);
	if (!cmsg || cmsg->cmsg_level != IPPROTO_IP ||
	    cmsg->cmsg_type != IP_PKTINFO)
		return false;
	memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
	return info.ipi_addr.s_addr == source.s_addr;
}
