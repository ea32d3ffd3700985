/* SPDX-License-Identifier: GPL-2.0-or-later */
/* liar ADDR PORT KIND - answer every SIP request, in one wrong way
 *
 * For the load generator's own test.  The answer is the request's Via, From,
 * To, Call-ID and CSeq with a status line and a Contact, but for the lie:
 *
 *	truth      none: 302, a To-tag, one Contact sip:bob@192.0.2.1:5060
 *	twice      the right answer two times
 *	status     200 instead of 302
 *	branch     another branch
 *	callid     another Call-ID
 *	fromtag    another From-tag
 *	cseq       another CSeq
 *	nototag    no To-tag
 *	nocontact  no Contact
 *	contacts   a second Contact header
 *	comma      a second Contact in the same header
 *	contact    another host
 *	port       another port
 *	garbage    no SIP at all
 *	cut        the right answer without its last line
 *	stranger   the right answer from another port
 *	late       each answer only once three more requests have come
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	TEXT_MAX = 4096,
	LATE = 3,
};

struct answer {
	char text[TEXT_MAX];
	size_t len;
	struct sockaddr_in to;
};

/* Append text up to what fits. */
static void add(struct answer *a, const char *text, size_t len)
{
	if (len > sizeof(a->text) - a->len)
		len = sizeof(a->text) - a->len;
	memcpy(a->text + a->len, text, len);
	a->len += len;
}

static void add_text(struct answer *a, const char *text)
{
	add(a, text, strlen(text));
}

/* Copy the request's header of this name; with a lie its value's last
 * character but `cut' ones is changed.
 */
static void copy_header(struct answer *a, const char *request,
			const char *name, bool lie, size_t cut)
{
	const char *line = strstr(request, name);
	const char *end = line ? strstr(line, "\r\n") : NULL;

	if (!end)
		return;
	add(a, line, (size_t)(end - line));
	if (lie && a->len > cut)
		a->text[a->len - 1 - cut] ^= 1;
}

static void build(struct answer *a, const char *request, const char *kind)
{
	a->len = 0;
	add_text(a, strcmp(kind, "status") ? "SIP/2.0 302 Moved Temporarily\r\n"
					   : "SIP/2.0 200 OK\r\n");
	copy_header(a, request, "Via: ", !strcmp(kind, "branch"), 0);
	add_text(a, "\r\n");
	copy_header(a, request, "From: ", !strcmp(kind, "fromtag"), 0);
	add_text(a, "\r\n");
	copy_header(a, request, "To: ", false, 0);
	add_text(a, strcmp(kind, "nototag") ? ";tag=liar\r\n" : "\r\n");
	copy_header(a, request, "Call-ID: ", !strcmp(kind, "callid"),
		    strlen("-0000000000000000@sipload"));
	add_text(a, "\r\n");
	copy_header(a, request, "CSeq: ", !strcmp(kind, "cseq"),
		    strlen(" INVITE"));
	add_text(a, "\r\n");

	if (!strcmp(kind, "contact"))
		add_text(a, "Contact: <sip:bob@192.0.2.2:5060>\r\n");
	else if (!strcmp(kind, "port"))
		add_text(a, "Contact: <sip:bob@192.0.2.1:5061>\r\n");
	else if (!strcmp(kind, "comma"))
		add_text(a, "Contact: <sip:bob@192.0.2.1:5060>, <sip:b@[::1]>\r\n");
	else if (strcmp(kind, "nocontact"))
		add_text(a, "Contact: <sip:bob@192.0.2.1:5060>\r\n");
	if (!strcmp(kind, "contacts"))
		add_text(a, "m: <sip:bob@192.0.2.3>\r\n");

	add_text(a, strcmp(kind, "cut") ? "Content-Length: 0\r\n\r\n"
					: "Content-Length: 0\r\n");
	if (!strcmp(kind, "garbage"))
		memset(a->text, 'x', a->len);
}

static void send_answer(int fd, const struct answer *a)
{
	if (a->len)
		(void)sendto(fd, a->text, a->len, 0,
			     (const struct sockaddr *)&a->to, sizeof(a->to));
}

int main(int argc, char **argv)
{
	static struct answer answers[LATE + 1];
	struct sockaddr_in local = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int stranger = socket(AF_INET, SOCK_DGRAM, 0);
	const char *kind;

	if (argc != 4 || fd < 0 || stranger < 0 ||
	    inet_pton(AF_INET, argv[1], &local.sin_addr) != 1 ||
	    bind(stranger, (struct sockaddr *)&local, sizeof(local)))
		return 1;
	local.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)))
		return 1;
	kind = argv[3];
	printf("ready\n");
	fflush(stdout);

	for (unsigned n = 0;; n++) {
		char request[TEXT_MAX];
		struct answer *a = &answers[n % (LATE + 1)];
		socklen_t len = sizeof(a->to);
		ssize_t got = recvfrom(fd, request, sizeof(request) - 1, 0,
				       (struct sockaddr *)&a->to, &len);

		if (got < 0)
			continue;
		request[got] = '\0';
		build(a, request, kind);
		if (!strcmp(kind, "late")) {
			send_answer(fd, &answers[(n + 1) % (LATE + 1)]);
			continue;
		}
		send_answer(strcmp(kind, "stranger") ? fd : stranger, a);
		if (!strcmp(kind, "twice"))
			send_answer(fd, a);
	}
}
