/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udpecho ADDR PORT - send every datagram back to where it came from
 *
 * One recvfrom() and one sendto() per datagram and nothing else: the most a
 * server can do on one UDP socket without batching, hence the yardstick.
 * Runs until a signal ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
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

int main(int argc, char **argv)
{
	struct sockaddr_in local = { .sin_family = AF_INET };
	int fd, size = 1 << 20;
	unsigned long port = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (!port || port > 65535 ||
	    inet_pton(AF_INET, argv[1], &local.sin_addr) != 1) {
		fprintf(stderr, "usage: udpecho ADDR PORT\n");
		return EXIT_USAGE;
	}
	local.sin_port = htons((uint16_t)port);

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local))) {
		fprintf(stderr, "udpecho: %s port %lu: %s\n", argv[1], port,
			strerror(errno));
		return EXIT_SYSTEM;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));

	printf("udpecho: listening on %s port %lu\n", argv[1], port);
	fflush(stdout);
	echo(fd);
}
