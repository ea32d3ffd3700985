/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/packetsock.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"

enum {
	RING_FRAME = 512,
	RING_BLOCK = 1 << 20,
	RING_BLOCKS = 4,	/* small, for the caches: 8192 frames */
	RING_FRAMES = RING_BLOCKS * (RING_BLOCK / RING_FRAME),
	SEND_BUFFER = 8 << 20,
	ARP_WAIT_MS = 2000,
	DISCARD_PORT = 9,
};

/* The device's own address. */
static int own_mac(uint8_t out[6], int fd, const char *device)
{
	struct ifreq ifr = { 0 };

	strncpy(ifr.ifr_name, device, sizeof(ifr.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr))
		return errno;
	memcpy(out, ifr.ifr_hwaddr.sa_data, 6);
	return 0;
}

/* The router's address: let the kernel ask for it, and look. */
static int router_mac(uint8_t out[6], const char *device,
		      struct in_addr router)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = router,
				   .sin_port = htons(DISCARD_PORT) };
	struct arpreq arp = { 0 };
	uint64_t until = clock_ms() + ARP_WAIT_MS;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return errno;
	memcpy(&arp.arp_pa, &sin, sizeof(sin));
	strncpy(arp.arp_dev, device, sizeof(arp.arp_dev) - 1);
	if (sendto(fd, "", 0, 0, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		err = errno;
	while (!err && (ioctl(fd, SIOCGARP, &arp) ||
			!(arp.arp_flags & ATF_COM)))
		if (clock_ms() > until)
			err = EHOSTUNREACH;
	memcpy(out, arp.arp_ha.sa_data, 6);
	close(fd);
	return err;
}

static int open_tx(struct packetsock *p, const char *device,
		   const struct sockaddr_ll *at, struct in_addr router)
{
	uint8_t from[6], to[6];
	int size = SEND_BUFFER, on = 1, err;

	p->tx = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (p->tx < 0 || bind(p->tx, (const struct sockaddr *)at, sizeof(*at)) ||
	    setsockopt(p->tx, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		return errno;
	(void)setsockopt(p->tx, SOL_SOCKET, SO_SNDBUFFORCE, &size,
			 sizeof(size));
	err = own_mac(from, p->tx, device);
	if (!err)
		err = router_mac(to, device, router);
	if (err)
		return err;

	for (unsigned i = 0; i < PACKETSOCK_BATCH; i++) {
		rtpframe_init(p->frames[i], to, from);
		p->iovs[i] = (struct iovec){
			.iov_base = p->frames[i],
			.iov_len = RTPFRAME_LEN,
		};
		p->msgs[i].msg_hdr = (struct msghdr){
			.msg_iov = &p->iovs[i],
			.msg_iovlen = 1,
		};
	}
	return 0;
}

/* Only UDP to a party comes into the ring. */
static int attach_filter(int fd, struct in_addr parties, unsigned prefix_len)
{
	uint32_t mask = prefix_len ? ~0u << (32 - prefix_len) : 0;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			 ntohl(parties.s_addr) & mask, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT16_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) ? errno : 0;
}

/* SOCK_DGRAM: packets begin at their IP header, for the filter as well. */
static int open_rx(struct packetsock *p, const struct sockaddr_ll *at,
		   struct in_addr parties, unsigned prefix_len)
{
	struct tpacket_req req = {
		.tp_block_size = RING_BLOCK,
		.tp_block_nr = RING_BLOCKS,
		.tp_frame_size = RING_FRAME,
		.tp_frame_nr = RING_FRAMES,
	};
	int version = TPACKET_V2, on = 1, err;
	void *ring;

	p->rx = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (p->rx < 0)
		return errno;
	err = attach_filter(p->rx, parties, prefix_len);
	if (err)
		return err;
	if (setsockopt(p->rx, SOL_PACKET, PACKET_VERSION, &version,
		       sizeof(version)) ||
	    setsockopt(p->rx, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
		       sizeof(on)) ||
	    setsockopt(p->rx, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return errno;

	ring = mmap(NULL, (size_t)RING_BLOCK * RING_BLOCKS,
		    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, p->rx,
		    0);
	if (ring == MAP_FAILED)
		return errno;
	p->ring = ring;
	return bind(p->rx, (const struct sockaddr *)at, sizeof(*at)) ? errno
								     : 0;
}

int packetsock_open(struct packetsock *p, const char *device,
		    struct in_addr router, struct in_addr parties,
		    unsigned prefix_len)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(device),
	};
	int err;

	*p = (struct packetsock){ .tx = -1, .rx = -1 };
	if (!at.sll_ifindex)
		return ENODEV;
	err = open_tx(p, device, &at, router);
	if (err)
		return err;
	at.sll_protocol = htons(ETH_P_IP);
	return open_rx(p, &at, parties, prefix_len);
}

void packetsock_close(struct packetsock *p)
{
	if (p->ring)
		munmap(p->ring, (size_t)RING_BLOCK * RING_BLOCKS);
	if (p->rx >= 0)
		close(p->rx);
	if (p->tx >= 0)
		close(p->tx);
	p->ring = NULL;
	p->rx = p->tx = -1;
}

void packetsock_flush(struct packetsock *p)
{
	for (unsigned done = 0; done < p->cnt;) {
		int n = sendmmsg(p->tx, p->msgs + done, p->cnt - done, 0);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			p->send_errors++;
			n = 1;
		}
		done += (unsigned)n;
	}
	p->cnt = 0;
}

static struct tpacket2_hdr *ring_frame(const struct packetsock *p)
{
	return (void *)(p->ring + (size_t)p->next * RING_FRAME);
}

const uint8_t *packetsock_receive(struct packetsock *p, size_t *len,
				  uint64_t *when_ns)
{
	const struct tpacket2_hdr *h = ring_frame(p);

	if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) &
	      TP_STATUS_USER))
		return NULL;

	*len = h->tp_snaplen;
	*when_ns = (uint64_t)h->tp_sec * 1000000000 + h->tp_nsec;
	return (const uint8_t *)h + h->tp_net;
}

void packetsock_release(struct packetsock *p)
{
	__atomic_store_n(&ring_frame(p)->tp_status, TP_STATUS_KERNEL,
			 __ATOMIC_RELEASE);
	p->next = p->next + 1 < RING_FRAMES ? p->next + 1 : 0;
}

uint64_t packetsock_dropped(struct packetsock *p)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	/* reading sets it to 0 */
	(void)getsockopt(p->rx, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	return stats.tp_drops;
}
