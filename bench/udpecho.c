/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udpecho [--batch] ADDR PORT - send every datagram back to where it came from
 *
 * One recvfrom() and one sendto() per datagram and nothing else: the most a
 * server can do on one UDP socket without batching, hence the yardstick.  With
 * --batch it is recvmmsg() and sendmmsg(), for as many as have gathered, which
 * is the most a server can do at all by the socket calls.  Runs until a signal
 * ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BATCH = 64,
	BATCHED_MAX = 2048,	/* longer datagrams are cut */
	SOCKET_BUFFER = 1 << 22,
	EXIT_USAGE = 64,
	EXIT_SYSTEM = 71,
};

static void echo(int fd)
{
	static char bytes[65536];

	for (;;) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, bytes, sizeof(bytes), 0,
				     (struct sockaddr *)&from, &from_len);

		if (n < 0)
			continue;	/* an ICMP error of an earlier send */
		(void)sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from,
			     from_len);
	}
}

static void echo_batches(int fd)
{
	static char bytes[BATCH][BATCHED_MAX];
	static struct sockaddr_in peers[BATCH];
	static struct iovec iovs[BATCH];
	static struct mmsghdr msgs[BATCH];

	for (;;) {
		int cnt;

		for (unsigned i = 0; i < BATCH; i++) {
			iovs[i] = (struct iovec){ bytes[i], BATCHED_MAX };
			msgs[i].msg_hdr = (struct msghdr){
				.msg_name = &peers[i],
				.msg_namelen = sizeof(peers[i]),
				.msg_iov = &iovs[i],
				.msg_iovlen = 1,
			};
		}
		cnt = recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < cnt; i++)
			iovs[i].iov_len = msgs[i].msg_len;
		for (int done = 0; done < cnt;) {
			int n = sendmmsg(fd, msgs + done,
					 (unsigned)(cnt - done), 0);

			done += n > 0 ? n : 1;
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in local = { .sin_family = AF_INET };
	bool batch = argc == 4 && !strcmp(argv[1], "--batch");
	char **args = argv + 1 + batch;
	unsigned long port = argc == 3 + batch ? strtoul(args[1], NULL, 10) : 0;
	int fd, size = SOCKET_BUFFER;

	if (!port || port > 65535 ||
	    inet_pton(AF_INET, args[0], &local.sin_addr) != 1) {
		fprintf(stderr, "usage: udpecho [--batch] ADDR PORT\n");
		return EXIT_USAGE;
	}
	local.sin_port = htons((uint16_t)port);

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local))) {
		fprintf(stderr, "udpecho: %s port %lu: %s\n", args[0], port,
			strerror(errno));
		return EXIT_SYSTEM;
	}
	/* beyond net.core.rmem_max where that is allowed */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));

	printf("udpecho: listening on %s port %lu\n", args[0], port);
	fflush(stdout);
	if (batch)
		echo_batches(fd);
	else
		echo(fd);
}
