/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/test/bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "rtp-pinner/relay/flow_access.h"
#include "rtp-pinner/relay/sock.h"

const enum relay_kind bed_range = RELAY_RANGE, bed_sockets = RELAY_SOCKETS;

/* As <linux/ipv6.h>, which does not go with <netinet/in.h>. */
struct ifreq6 {
	struct in6_addr addr;
	uint32_t prefix_len;
	int index;
};

/* The kernel makes an address usable in its own time. */
static int wait_address6(const char *text)
{
	uint64_t until = clock_ms() + BED_WAIT_MS;
	struct addr a;
	int fd, err = addr_parse(&a, text, strlen(text));

	while (!err) {
		err = sock_open(&fd, &a, 0, SOCK_DGRAM, 0, 0);
		if (!err) {
			close(fd);
			break;
		}
		if (err == EADDRNOTAVAIL && clock_ms() < until)
			err = 0;
		bed_breathe();
	}
	return err;
}

static int add_address6(const char *text)
{
	struct ifreq6 req = { .prefix_len = 128, .index = 1 };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), err = 0;

	if (fd < 0 || inet_pton(AF_INET6, text, &req.addr) != 1 ||
	    (ioctl(fd, SIOCSIFADDR, &req) && errno != EEXIST))
		err = errno;
	if (fd >= 0)
		close(fd);
	return err ? err : wait_address6(text);
}

/* lo with the MTU of an Ethernet: what is longer must be fragmented. */
static int raise_loopback(void)
{
	struct ifreq req = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), err = 0;

	if (fd < 0)
		return errno;
	req.ifr_mtu = 1500;
	if (ioctl(fd, SIOCSIFMTU, &req))
		err = errno;
	req.ifr_flags = IFF_UP;
	if (!err && ioctl(fd, SIOCSIFFLAGS, &req))
		err = errno;
	close(fd);
	return err;
}

int bed_enter(void)
{
	static const char *const six[] = {
		MEDIA6, ALICE6, BOB6, STRANGER6,
	};
	int err = unshare(CLONE_NEWNET) ? errno : raise_loopback();

	for (size_t i = 0; i < ARRAY_SIZE(six) && !err; i++)
		err = add_address6(six[i]);
	if (!err)
		return 0;
	printf("skipped: no network namespace of our own (%s)\n",
	       strerror(err));
	return BED_SKIPPED;
}

struct addr bed_addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
	return a;
}

struct flow_endpoint bed_endpoint(const char *text, uint16_t port)
{
	struct addr a = bed_addr(text);
	struct flow_endpoint e = { .family = a.family, .port = port };

	memcpy(e.bytes_be, a.bytes_be, sizeof(e.bytes_be));
	return e;
}

static int take(void *arg, const char *name)
{
	const struct bed *b = arg;

	for (size_t i = 0; i < b->kept_cnt; i++)
		if (!strcmp(b->kept[i].name, name))
			return fcntl(b->kept[i].fd, F_DUPFD_CLOEXEC, 3);
	return -1;
}

static int keep(void *arg, const char *name, int fd)
{
	struct bed *b = arg;
	struct bed_kept *kept = &b->kept[b->kept_cnt];

	if (b->kept_cnt == ARRAY_SIZE(b->kept))
		return ENOSPC;
	snprintf(kept->name, sizeof(kept->name), "%s", name);
	kept->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (kept->fd < 0)
		return errno;
	b->kept_cnt++;
	return 0;
}

int bed_setup(void **state)
{
	const enum relay_kind *kind = *state;
	struct bed *b = calloc(1, sizeof(*b));

	if (!b)
		return -1;
	b->kind = *kind;
	snprintf(b->dir, sizeof(b->dir), "/tmp/test_relay.XXXXXX");
	if (!mkdtemp(b->dir))
		return -1;
	b->keeper = (struct relay_keeper){ .take = take, .keep = keep,
					   .arg = b };
	b->conf = (struct relay_conf){
		.kind = b->kind,
		.port_min = BED_PORT_MIN,
		.port_max = BED_PORT_MAX,
		.threads = 1,
		.media4 = bed_addr(MEDIA4),
		.media6 = bed_addr(MEDIA6),
		.state_dir = b->dir,
	};
	*state = b;
	return 0;
}

static int phones[128];
static size_t phone_cnt;

void phone_close(int phone)
{
	for (size_t i = 0; i < phone_cnt; i++)
		if (phones[i] == phone)
			phones[i] = phones[--phone_cnt];
	close(phone);
}

int bed_teardown(void **state)
{
	static const char *const files[] = { "lock", "rows" };
	struct bed *b = *state;

	while (phone_cnt)
		phone_close(phones[0]);
	bed_stop(b);
	bed_forget(b);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		bed_unlink(b, files[i]);
	rmdir(b->dir);
	free(b);
	return 0;
}

void bed_make(struct bed *b)
{
	assert_int_equal(relay_new(&b->relay, &b->conf, &b->keeper), 0);
}

void bed_start(struct bed *b)
{
	bed_make(b);
	assert_int_equal(relay_start(b->relay), 0);
}

void bed_stop(struct bed *b)
{
	relay_free(b->relay);
	b->relay = NULL;
}

void bed_forget(struct bed *b)
{
	while (b->kept_cnt)
		close(b->kept[--b->kept_cnt].fd);
}

void bed_unlink(const struct bed *b, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	unlink(path);
}

int phone_open(const char *text, uint16_t port)
{
	struct addr a = bed_addr(text);
	int fd;

	assert_int_equal(sock_open(&fd, &a, port, SOCK_DGRAM, 0, 0), 0);
	if (a.family == ADDR_IP4) {
		sock_set(fd, IPPROTO_IP, IP_RECVTOS, 1);
		sock_set(fd, IPPROTO_IP, IP_RECVERR, 1);
	} else {
		sock_set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
		sock_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	}
	sock_receive_buffer(fd, 4 << 20);
	assert_true(phone_cnt < ARRAY_SIZE(phones));
	phones[phone_cnt++] = fd;
	return fd;
}

void phone_send(int phone, const char *media, uint16_t port, const void *bytes,
		size_t len)
{
	struct flow_endpoint to = bed_endpoint(media, port);
	union sock_addr name;
	socklen_t name_len = sock_address(&name, &to);

	assert_int_equal(sendto(phone, bytes, len, 0, &name.sa, name_len), len);
}

static void read_heard(struct heard *out, struct msghdr *msg,
		       const union sock_addr *from, ssize_t len)
{
	struct flow_endpoint e;
	struct addr a = { 0 };

	sock_endpoint(&e, from);
	a.family = e.family;
	memcpy(a.bytes_be, e.bytes_be, sizeof(a.bytes_be));
	addr_format(out->from, &a);
	out->port = e.port;
	out->len = (size_t)len;
	out->tos = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
			out->tos = *CMSG_DATA(c);
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_TCLASS)
			memcpy(&out->tos, CMSG_DATA(c), sizeof(out->tos));
	}
}

void phone_hear(struct heard *out, int phone, const char *what)
{
	struct pollfd p = { .fd = phone, .events = POLLIN };
	uint8_t control[256] __attribute__((aligned(16)));
	union sock_addr from;
	struct iovec iov = { out->bytes, sizeof(out->bytes) };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len;

	if (poll(&p, 1, BED_WAIT_MS) != 1)
		fail_msg("%s: nothing was heard", what);
	len = recvmsg(phone, &msg, 0);
	if (len < 0)
		fail_msg("%s: %s", what, strerror(errno));
	read_heard(out, &msg, &from, len);
}

void phone_is_idle(int phone, const char *what)
{
	struct pollfd p = { .fd = phone, .events = POLLIN };

	if (poll(&p, 1, 0) != 0)
		fail_msg("%s: %s", what, p.revents & POLLERR ?
			 "an ICMP error was heard" : "a packet was heard");
}

static void put(uint8_t *at, uint32_t value, int bytes)
{
	while (bytes--) {
		at[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

void make_rtp(uint8_t *out, size_t len, uint16_t seq, uint32_t ssrc)
{
	for (size_t i = 12; i < len; i++)
		out[i] = (uint8_t)(seq + i);
	put(out, 0x8000, 2);
	put(out + 2, seq, 2);
	put(out + 4, seq * 160U, 4);
	put(out + 8, ssrc, 4);
}

void make_rtcp(uint8_t *out, size_t len, uint32_t ssrc)
{
	memset(out, 0, len);
	put(out, 0x80c8, 2);
	put(out + 2, (uint32_t)len / 4 - 1, 2);
	put(out + 4, ssrc, 4);
}

static struct flow_conf leg(const char *peer, uint16_t peer_port,
			    uint16_t sink)
{
	struct flow_conf c = {
		.kind = FLOW_RTP,
		.gate_mode = FLOW_GATE_STRICT,
		.gate_cnt = 1,
		.call = sink & ~1U,	/* the same for both ports of a call */
		.sink = sink,
		.signalled = bed_endpoint(peer, peer_port),
	};

	c.gate[0] = bed_endpoint(peer, 0);
	c.gate[0].prefix_len = c.gate[0].family == 6 ? 128 : 32;
	return c;
}

struct bed_call bed_call(uint16_t port_a, const char *alice,
			 uint16_t alice_port, const char *bob,
			 uint16_t bob_port)
{
	uint16_t port_b = port_a + 1;

	assert_true(port_a % 2 == 0);
	return (struct bed_call){
		.port_a = port_a,
		.port_b = port_b,
		.alice = alice,
		.alice_port = alice_port,
		.bob = bob,
		.bob_port = bob_port,
		.a = leg(alice, alice_port, port_b),
		.b = leg(bob, bob_port, port_a),
	};
}

void bed_open(struct bed *b, const struct bed_call *call)
{
	assert_int_equal(relay_open(b->relay, call->port_a, &call->a), 0);
	assert_int_equal(relay_open(b->relay, call->port_b, &call->b), 0);
}

struct talk talk_of(const char *alice, const char *bob)
{
	return (struct talk){
		.call = bed_call(PORT_A, alice, ALICE_PORT, bob, BOB_PORT),
		.alice = phone_open(alice, ALICE_PORT),
		.bob = phone_open(bob, BOB_PORT),
	};
}

void talk_end(const struct talk *t)
{
	phone_close(t->alice);
	phone_close(t->bob);
}

void bed_breathe(void)
{
	poll(NULL, 0, 1);
}

struct flow_state bed_state(const struct bed *b, uint16_t port)
{
	struct flow_state s;

	flow_state_read(&s, relay_row(b->relay, port));
	return s;
}

struct relay_totals bed_totals(const struct bed *b)
{
	struct relay_totals t;

	relay_read_totals(b->relay, &t);
	return t;
}
