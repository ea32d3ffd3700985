/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"
#include "core/pt.h"
#include "core/receive.h"
#include "core/sr_module.h"

#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_owners.h"
#include "kamailio-module/anycast_pass.h"
#include "kamailio-module/anycast_socket.h"
#include "kamailio-module/anycast_stats.h"

enum
{
	FAMILIES = 2, /* IPv4, IPv6 */
	BUFFER_BYTES = 1 << 21, /* the kernel takes what it allows */
};

static_assert(PASS_DATAGRAM_MAX <= BUF_SIZE, "any message fits the host");

static int _workers;
static int _fds[FAMILIES] = {-1, -1}; /* shared by all processes */

/* private to each process */
static const struct pass_head *_current;
static struct
{
	unsigned int msg_id;
	int pid;
	size_t len;
	char bytes[BUF_SIZE];
} _kept;

static const struct site_node *own_node(const struct anycast_view *view)
{
	return nodes_at(view->nodes, nodes_self(view->nodes));
}

static const struct addr *node_addr(const struct site_node *node, int family)
{
	return family ? &node->ip6 : &node->ip4;
}

int anycast_pass_init(int workers)
{
	const struct anycast_view *view = anycast_site_view();

	if(view == NULL)
		return -1;
	if(workers == 0 || view->site->node_cnt < 2)
		return 0;
	_workers = workers;
	cfg_register_child(workers);
	return register_procs(workers);
}

bool anycast_pass_wanted(void)
{
	return _workers > 0;
}

/* -1 (logged) */
static int open_socket(const struct addr *addr, uint16_t port)
{
	struct ip_addr ip = ip_of_addr(addr);
	int size = BUFFER_BYTES, on = 1, fragments = IP_PMTUDISC_DONT;
	union sockaddr_union su;
	char text[ADDR_TEXT_MAX];
	int fd;

	if(init_su(&su, &ip, port) < 0)
		return -1;
	fd = socket(su.s.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if(fd >= 0 && ip.af == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	/* routers may break up what is too large, as the host's own datagrams */
	if(fd >= 0 && ip.af == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &fragments,
				sizeof(fragments));
	if(fd >= 0 && bind(fd, &su.s, sockaddru_len(su)) == 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		return fd;
	}
	addr_format_host(text, addr);
	LM_ERR("strays: cannot bind to UDP %s:%u, the node address and "
		   "stray-port of the site file: %s\n",
			text, (unsigned)port, strerror(errno));
	if(fd >= 0)
		close(fd);
	return -1;
}

int anycast_pass_open(void)
{
	static const int families[FAMILIES] = {AF_INET, AF_INET6};
	const struct anycast_view *view = anycast_site_view();

	if(_workers == 0 || view == NULL)
		return 0;
	for(int i = 0; i < FAMILIES; i++) {
		/* a node that is another server has its strays there */
		if(anycast_node_socket(view, families[i], PROTO_UDP) == NULL)
			continue;
		_fds[i] = open_socket(
				node_addr(own_node(view), i), view->site->stray_port);
		if(_fds[i] < 0)
			return -1;
	}
	return 0;
}

bool anycast_pass_active(void)
{
	return _fds[0] >= 0 || _fds[1] >= 0;
}

const struct pass_head *anycast_pass_current(void)
{
	return _current;
}

enum stray_verdict anycast_pass_verdict(
		uint32_t *owner, const struct anycast_view *view)
{
	*owner = NODES_NONE;
	if(_current == NULL)
		return STRAY_NONE;
	switch(_current->kind) {
		case PASS_YOURS:
			return STRAY_YOURS;
		case PASS_OWNED:
			*owner = nodes_find(view->nodes, slice_str(_current->owner));
			return STRAY_OWNED;
		case PASS_DELIVER:
			return STRAY_DELIVERED;
		default:
			return STRAY_NOBODY;
	}
}

void anycast_pass_keep(const struct sip_msg *msg)
{
	if(!anycast_pass_active() || (size_t)msg->len > sizeof(_kept.bytes))
		return;
	_kept.msg_id = msg->id;
	_kept.pid = msg->pid;
	_kept.len = (size_t)msg->len;
	memcpy(_kept.bytes, msg->buf, _kept.len);
}

static struct slice original(const struct sip_msg *msg)
{
	if(_kept.msg_id == msg->id && _kept.pid == msg->pid)
		return slice_of(_kept.bytes, _kept.len);
	return slice_of(msg->buf, (size_t)msg->len);
}

struct pass_head anycast_pass_head(
		const struct anycast_view *view, enum pass_kind kind, uint64_t key)
{
	struct pass_head head = {
			.kind = kind, .hops = PASS_HOPS_MAX, .key = key};

	site_name_copy(head.sender, slice_str(own_node(view)->name));
	site_name_copy(head.origin, slice_str(own_node(view)->name));
	return head;
}

bool anycast_pass_message(const struct sip_msg *msg,
		const struct anycast_view *view, uint32_t node, enum pass_kind kind,
		bool claim, uint64_t key)
{
	struct pass_head head;

	if(_current) {
		head = pass_next(_current, kind, slice_str(own_node(view)->name));
	} else {
		head = anycast_pass_head(view, kind, key);
		head.claim = claim;
		head.transport = anycast_transport(msg->rcv.proto);
		head.source = addr_of_ip(&msg->rcv.src_ip);
		head.source_port = msg->rcv.src_port;
		head.local = addr_of_ip(&msg->rcv.dst_ip);
		head.local_port = msg->rcv.dst_port;
		if(head.transport != SIP_UDP)
			head.connection = (uint32_t)msg->rcv.proto_reserved1;
	}
	return anycast_pass_send(view, node, &head, original(msg));
}

/* The family both nodes have; -1 when there is none. */
static int common_family(const struct site_node *node)
{
	for(int i = 0; i < FAMILIES; i++)
		if(_fds[i] >= 0 && addr_is_set(node_addr(node, i)))
			return i;
	return -1;
}

bool anycast_pass_send(const struct anycast_view *view, uint32_t node,
		const struct pass_head *head, struct slice message)
{
	static uint8_t datagram[PASS_DATAGRAM_MAX];
	const struct site_node *to = nodes_at(view->nodes, node);
	int family = common_family(to);
	union sockaddr_union su;
	struct ip_addr ip;
	size_t len;
	int err;

	if(family < 0) {
		anycast_count(EVENT_PASS_NO_FAMILY);
		return false;
	}
	err = pass_encode(datagram, &len, view->site, slice_str(to->name), head,
			message);
	if(err) {
		anycast_count(err == EMSGSIZE ? EVENT_PASS_TOO_LARGE
									  : EVENT_PASS_FAILED);
		return false;
	}
	ip = ip_of_addr(node_addr(to, family));
	if(init_su(&su, &ip, view->site->stray_port) < 0
			|| sendto(_fds[family], datagram, len, MSG_DONTWAIT, &su.s,
					   sockaddru_len(su))
					   != (ssize_t)len) {
		anycast_count(EVENT_PASS_FAILED);
		return false;
	}
	anycast_count_pass_out(head->kind);
	return true;
}

/* The message is copied: the host writes into it, up to BUF_SIZE bytes. */
void anycast_pass_inject(const struct pass_head *head, struct slice message)
{
	static char copy[BUF_SIZE + 1];
	const struct anycast_view *view = anycast_site_view();
	struct receive_info rcv = {0};

	rcv.src_ip = ip_of_addr(&head->source);
	rcv.src_port = head->source_port;
	rcv.dst_ip = ip_of_addr(&head->local);
	rcv.dst_port = head->local_port;
	rcv.proto = (char)anycast_proto(head->transport);
	rcv.bind_address = anycast_find_socket(
			&head->local, head->local_port, head->transport);
	if(view == NULL || rcv.bind_address == NULL
			|| init_su(&rcv.src_su, &rcv.src_ip, rcv.src_port) < 0) {
		anycast_count(EVENT_PASS_NO_SOCKET);
		return;
	}
	/* a number of another node's is somebody else's connection here */
	if(!strcmp(head->origin, own_node(view)->name))
		rcv.proto_reserved1 = (int)head->connection;
	memcpy(copy, message.text, message.len);
	copy[message.len] = '\0';
	_current = head;
	receive_msg(copy, (unsigned)message.len, &rcv);
	_current = NULL;
}

static bool came_from(const struct site_node *node, const struct addr *source)
{
	return addr_equal(source, &node->ip4) || addr_equal(source, &node->ip6);
}

static void take(const uint8_t *datagram, size_t len, const struct addr *source)
{
	static struct pass_buffer buffer;
	const struct anycast_view *view = anycast_site_view();
	enum pass_verdict verdict;
	struct pass_head head;
	struct slice message;
	uint32_t sender;

	if(view == NULL)
		return;
	verdict = pass_decode(&head, &message, &buffer, view->site,
			slice_str(own_node(view)->name), datagram, len);
	anycast_count_pass_read(verdict);
	if(verdict != PASS_OK)
		return;
	sender = nodes_find(view->nodes, slice_str(head.sender));
	if(sender == NODES_NONE
			|| !came_from(nodes_at(view->nodes, sender), source)) {
		anycast_count(EVENT_PASS_OTHER_SOURCE);
		return;
	}
	anycast_owners_heard(sender, &head);
	anycast_count_pass_in(head.kind);
	switch(head.kind) {
		case PASS_TELL:
		case PASS_ASK:
			anycast_owners_asked(view, &head, message);
			break;
		default:
			anycast_pass_inject(&head, message);
			break;
	}
}

static void receive(int fd)
{
	static uint8_t datagram[PASS_DATAGRAM_MAX];
	union sockaddr_union from;
	socklen_t from_len = sizeof(from);
	struct ip_addr ip;
	struct addr source;
	ssize_t len = recvfrom(
			fd, datagram, sizeof(datagram), 0, &from.s, &from_len);

	/* another worker may have had it */
	if(len < 0)
		return;
	su2ip_addr(&ip, &from);
	source = addr_of_ip(&ip);
	take(datagram, (size_t)len, &source);
}

static void run(void)
{
	struct pollfd polls[FAMILIES];
	nfds_t cnt = 0;

	for(int i = 0; i < FAMILIES; i++)
		if(_fds[i] >= 0)
			polls[cnt++] = (struct pollfd){.fd = _fds[i], .events = POLLIN};
	for(;;) {
		if(poll(polls, cnt, -1) < 0 && errno != EINTR) {
			LM_ERR("strays: poll: %s\n", strerror(errno));
			return;
		}
		cfg_update();
		for(nfds_t i = 0; i < cnt; i++)
			if(polls[i].revents)
				receive(polls[i].fd);
	}
}

int anycast_pass_start(void)
{
	for(int i = 0; anycast_pass_active() && i < _workers; i++) {
		int pid = fork_process(PROC_XWORKER, "anycast strays", 1);

		if(pid < 0) {
			LM_ERR("strays: cannot fork\n");
			return -1;
		}
		if(pid > 0)
			continue;
		if(cfg_child_init())
			return -1;
		run();
		exit(1);
	}
	return 0;
}
