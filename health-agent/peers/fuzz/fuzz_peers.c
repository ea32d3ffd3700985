/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams from a node's address, some with the right MAC: nothing is read
 * beyond their end, nothing is believed that does not name our session, and
 * what is said of a peer stays within its promises.
 *
 * The input is a row of datagrams, each behind a byte: its length, and in the
 * highest bit whether it is signed before it is read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/fuzz/harness.h"
#include "health-agent/peers/datagram.h"

enum { SESSION = 0x5555 };

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void no_error(void *arg, const char *line)
{
	(void)arg;
	(void)line;
	abort();
}

/* Its fields as they are, with a MAC that is right. */
static size_t resign(uint8_t out[static PEERS_DATAGRAM_MAX],
		     const uint8_t *bytes, size_t len, const struct site *site)
{
	struct datagram d;

	if (datagram_read(&d, bytes, len, "a", site) == EBADMSG || len > 200) {
		memcpy(out, bytes, len);
		return len;
	}
	return datagram_write(out, &d, "a", site);
}

static void take(struct peers *p, const struct site *site,
		 const uint8_t *bytes, size_t len, bool sign, uint64_t now_ms)
{
	uint8_t room[PEERS_DATAGRAM_MAX], *exact;
	const struct peers_entry *e = peers_entry(p, 0);
	enum node_state before = e->state;
	size_t index = SIZE_MAX;
	enum peers_counter counter;
	struct datagram d;

	memcpy(room, bytes, len);
	if (sign)
		len = resign(room, bytes, len, site);
	exact = malloc(len ? len : 1);
	if (!exact)
		return;
	memcpy(exact, room, len);
	counter = peers_read(p, &site->nodes[1].ip4, exact, len, 1, now_ms,
			     &index);
	check(counter < PEERS_COUNTERS);
	check((counter == PEERS_BELIEVED) == (index == 0));
	check((unsigned)e->state < NODE_STATES);
	if (counter == PEERS_BELIEVED) {
		check(datagram_read(&d, exact, len, "a", site) == 0);
		check(d.believed.session == SESSION ||
		      d.introduced.session == SESSION);
		check(e->state == d.word.state && e->heard_ms == now_ms);
	} else {
		check(e->state == before);
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] =
		"[service]\ndomain = d\naddress = 192.0.2.53\n"
		"secret = 0123456789abcdef\n"
		"[node a]\naddress = 198.51.100.1\n"
		"[node b]\naddress = 198.51.100.2\n";
	static struct site *site;
	uint8_t out[PEERS_DATAGRAM_MAX];
	const struct peers_word word = { .state = NODE_UP };
	struct peers *p;
	uint64_t now_ms = 0;

	if (!site)
		check(site_parse(&site, "c", NULL, slice_str(text), no_error,
				 NULL) == 0);
	check(peers_new(&p, site, &site->nodes[0], SESSION) == 0);
	while (size > 0) {
		size_t len = data[0] & 0x7f;
		bool sign = data[0] & 0x80;

		data++;
		size--;
		if (len > size)
			len = size;
		peers_write(p, 0, &word, now_ms, out);
		take(p, site, data, len, sign, now_ms);
		peers_expire(p, now_ms += 700);
		data += len;
		size -= len;
	}
	peers_free(p);
	return 0;
}
