/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/lines.h"
#include "common/test/scratch.h"

#include <errno.h>

#include "common/textfile.h"
#include "rtp-pinner/daemon/conf_priv.h"

#define SITE                                     \
	"[service]\n"                            \
	"domain = sip.example.net\n"             \
	"address = 192.0.2.53, 2001:db8:53::53\n" \
	"secret = some-secret-of-16-chars-or-more\n" \
	"[node a]\n"                             \
	"address = 127.0.53.11, 2001:db8::1\n"   \
	"[peer gw]\n"                            \
	"address = 203.0.113.0/24\n"             \
	"gate = learn\n"

#define ARGS_MAX 16

static char site_path[PATH_MAX];

static int setup(void **state)
{
	int err = scratch_setup(state);

	if (err)
		return err;
	scratch_write("site.conf", SITE, strlen(SITE));
	snprintf(site_path, sizeof(site_path), "%s", scratch_path("site.conf"));
	return 0;
}

/* args: words with blanks between them; @ stands for the site file. */
static int parse(struct conf **out, const char *text, const char *args,
		 struct lines *got)
{
	static char words[2048];
	char *argv[ARGS_MAX] = { (char[]){ "rtp-pinner" } };
	char *rest;
	int argc = 1;

	words[0] = '\0';
	for (const char *at = args; *at; at++) {
		size_t len = strlen(words);

		int n = *at == '@' ?
				snprintf(words + len, sizeof(words) - len,
					 "%s", site_path) :
				snprintf(words + len, sizeof(words) - len,
					 "%c", *at);

		assert_true(n >= 0 && (size_t)n < sizeof(words) - len);
	}
	for (char *w = strtok_r(words, " ", &rest); w;
	     w = strtok_r(NULL, " ", &rest)) {
		assert_in_range(argc, 1, ARGS_MAX - 1);
		argv[argc++] = w;
	}
	return conf_parse(out, argc, argv, "c", slice_str(text), lines_add,
			  got);
}

static struct conf *good(const char *text, const char *args)
{
	struct lines got = { 0 };
	struct conf *conf;
	int err = parse(&conf, text, args, &got);

	assert_string_equal(got.text, "");
	assert_int_equal(err, 0);
	assert_non_null(conf);
	return conf;
}

static const char *text_of(const struct addr *a)
{
	static char out[ADDR_TEXT_MAX];

	addr_format(out, a);
	return out;
}

static void defaults_fill_what_is_not_said(void **state)
{
	struct conf *conf = good("", "--site @ --node a");

	(void)state;
	assert_int_equal(conf->action, CONF_RUN);
	assert_string_equal(conf->node->name, "a");
	assert_int_equal(conf->listen_cnt, 1);
	assert_int_equal(conf->listen[0].port, 2223);
	assert_string_equal(text_of(&conf->listen[0].addr), "127.0.0.1");
	assert_int_equal(conf->metrics_cnt, 0);
	assert_string_equal(text_of(&conf->media4), "127.0.53.11");
	assert_string_equal(text_of(&conf->advertised6), "2001:db8::1");
	assert_int_equal(conf->service_cnt, 2);
	assert_int_equal(conf->port_min, 30000);
	assert_int_equal(conf->port_max, 40000);
	assert_int_equal(conf->relay, RELAY_AUTO);
	assert_in_range(conf->threads, 1, RELAY_THREADS_MAX);
	assert_int_equal(conf->gate, SITE_GATE_STRICT);
	assert_int_equal(conf->trusted_proxy_cnt, 0);
	assert_int_equal(conf->max_sessions, 0);
	assert_int_equal(conf->offer_timeout_ms, 300000);
	assert_int_equal(conf->silence_timeout_ms, 60000);
	assert_int_equal(conf->delete_delay_ms, 30000);
	assert_int_equal(conf->log_level, LOG_LEVEL_INFO);
	assert_string_equal(conf->state_dir, "/run/sip-anycast/rtp-pinner");
	assert_string_equal(conf->pid_file,
			    "/run/sip-anycast/rtp-pinner/rtp-pinner.pid");
	assert_string_equal(conf->node_state, "/run/sip-anycast/node.state");
	conf_free(conf);
}

static void every_key_reaches_its_field(void **state)
{
	static const char text[] =
		"node = a ; this machine\n"
		"node-state = /tmp/n\nstate-dir=/tmp/s\n"
		"pid-file = /tmp/pid\nlog-level = debug\n"
		"listen = 127.0.0.1:1, [::1]:65535\n"
		"allow = 10.0.0.0/8, 2001:db8::/32\n"
		"metrics = [::]:9103\n"
		"media-address = 10.0.0.1!198.51.100.1, 2001:db8::7\n"
		"port-min = 2000\nport-max = 2003\nrelay = sockets\n"
		"threads = 3\ndscp = 0\ngate = off\n"
		"trusted-proxies = 198.51.100.2\n"
		"max-sessions = 7\nmax-packet-rate = 0\n"
		"offer-timeout = 2m\nsilence-timeout = 1500ms\n"
		"hold-timeout = 24h\ndelete-delay = 0\nquarantine = 0s\n";
	struct conf *conf = good(text, "--site @");

	(void)state;
	assert_string_equal(conf->node_state, "/tmp/n");
	assert_string_equal(conf->state_dir, "/tmp/s");
	assert_string_equal(conf->pid_file, "/tmp/pid");
	assert_int_equal(conf->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(conf->listen_cnt, 2);
	assert_int_equal(conf->listen[0].port, 1);
	assert_string_equal(text_of(&conf->listen[1].addr), "::1");
	assert_int_equal(conf->listen[1].port, 65535);
	assert_int_equal(conf->allow_cnt, 2);
	assert_int_equal(conf->allow[1].len, 32);
	assert_int_equal(conf->metrics_cnt, 1);
	assert_string_equal(text_of(&conf->media4), "10.0.0.1");
	assert_string_equal(text_of(&conf->advertised4), "198.51.100.1");
	assert_string_equal(text_of(&conf->media6), "2001:db8::7");
	assert_string_equal(text_of(&conf->advertised6), "2001:db8::7");
	assert_int_equal(conf->port_min, 2000);
	assert_int_equal(conf->port_max, 2003);
	assert_int_equal(conf->relay, RELAY_SOCKETS);
	assert_int_equal(conf->threads, 3);
	assert_int_equal(conf->dscp, 0);
	assert_int_equal(conf->gate, SITE_GATE_OFF);
	assert_int_equal(conf->trusted_proxies[0].len, 32);
	assert_int_equal(conf->max_sessions, 7);
	assert_int_equal(conf->max_packet_rate, 0);
	assert_int_equal(conf->offer_timeout_ms, 120000);
	assert_int_equal(conf->silence_timeout_ms, 1500);
	assert_int_equal(conf->hold_timeout_ms, 86400000);
	assert_int_equal(conf->delete_delay_ms, 0);
	assert_int_equal(conf->quarantine_ms, 0);
	conf_free(conf);
}

static void the_command_line_wins(void **state)
{
	struct conf *conf =
		good("node = b\nlisten = 127.0.0.1:1, 127.0.0.1:2\n"
		     "media-address = 10.0.0.1, 2001:db8::7\ndscp = 1\n",
		     "--node=a --site @ --listen 127.0.0.1:3 --dscp 2 "
		     "--media-address=10.0.0.2 --check-config");

	(void)state;
	assert_int_equal(conf->action, CONF_CHECK);
	assert_string_equal(conf->node->name, "a");
	assert_int_equal(conf->listen_cnt, 1);
	assert_int_equal(conf->listen[0].port, 3);
	assert_int_equal(conf->dscp, 2);
	assert_string_equal(text_of(&conf->media4), "10.0.0.2");
	assert_false(addr_is_set(&conf->media6));
	conf_free(conf);
}

struct bad_row {
	const char *text;
	const char *args;
	int err;
	const char *want;
};

static void check_bad(const struct bad_row *rows, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct lines got = { 0 };
		struct conf *conf = (void *)&got;
		const char *what = rows[i].text[0] ? rows[i].text
						   : rows[i].args;

		CHECK_EQ(rows[i].err, parse(&conf, rows[i].text, rows[i].args,
					    &got), what);
		CHECK_STR(rows[i].want, got.text, what);
		CHECK(!conf, what);
	}
}

#define A "--site @ --node a"
#define PREFIXES "addresses or prefixes (ADDRESS/LENGTH) with commas between " \
	"them"
#define ENDPOINTS "ADDRESS:PORT, several with commas between them; IPv6 in " \
	"brackets"
#define MEDIA "LOCAL or LOCAL!ADVERTISED, one of each family, with a comma " \
	"between them"

static void values_are_judged(void **state)
{
#define BAD(key, value, why) \
	{ key " = " value "\n", A, EINVAL, \
	  "c:1: " key ": `" value "' is not allowed: " why "\n" }
	static const struct bad_row rows[] = {
		BAD("port-min", "1023", "a number from 1024 to 65534"),
		BAD("port-min", "x", "a number from 1024 to 65534"),
		BAD("dscp", "64", "a number from 0 to 63"),
		BAD("dscp", "-1", "a number from 0 to 63"),
		BAD("threads", "0", "a number from 1 to 16"),
		BAD("max-sessions", "0", "a number from 1 to 1000000"),
		BAD("quarantine", "30", "a time from 0s to 1h, such as 500ms, "
		    "30s, 2m (it has no unit: 30s?)"),
		BAD("quarantine", "2h", "a time from 0s to 1h, such as 500ms, "
		    "30s, 2m"),
		BAD("quarantine", "1 s", "a time from 0s to 1h, such as 500ms, "
		    "30s, 2m"),
		BAD("silence-timeout", "999ms", "a time from 1s to 24h, such "
		    "as 500ms, 30s, 2m"),
		BAD("silence-timeout", "", "a time from 1s to 24h, such as "
		    "500ms, 30s, 2m"),
		BAD("offer-timeout", "4294967295h", "a time from 1s to 24h, "
		    "such as 500ms, 30s, 2m"),
		BAD("relay", "xdp", "auto, range or sockets"),
		BAD("gate", "prefix", "strict, learn or off"),
		BAD("gate", "", "strict, learn or off"),
		BAD("log-level", "loud", "err, warn, info or debug"),
		BAD("listen", "127.0.0.1", ENDPOINTS
		    " (`127.0.0.1' is no ADDRESS:PORT)"),
		BAD("listen", "::1:2223", ENDPOINTS
		    " (`::1:2223' is no ADDRESS:PORT)"),
		BAD("listen", "127.0.0.1:0", ENDPOINTS
		    " (`127.0.0.1:0' is no ADDRESS:PORT)"),
		BAD("listen", "127.0.0.1:1, 127.0.0.1:1", ENDPOINTS
		    " (`127.0.0.1:1' is there twice)"),
		BAD("allow", "10.0.0.1/8", PREFIXES
		    " (`10.0.0.1/8' has bits behind its length: 10.0.0.0/8?)"),
		BAD("allow", "localhost", PREFIXES
		    " (`localhost' is neither address nor prefix)"),
		BAD("media-address", "0.0.0.0", MEDIA
		    " (`0.0.0.0' is no unicast address)"),
		BAD("media-address", "10.0.0.1, 10.0.0.2", MEDIA
		    " (`10.0.0.2' is a second IPv4 address)"),
		BAD("media-address", "10.0.0.1!::1", MEDIA
		    " (`::1' is no unicast IPv4 address)"),
		BAD("media-address", "10.0.0.1!", MEDIA
		    " (`' is no unicast IPv4 address)"),
		BAD("media-address", "2001:db8::1!::ffff:10.0.0.1", MEDIA
		    " (`::ffff:10.0.0.1' is no unicast IPv6 address)"),
		BAD("state-dir", "run", "a path that begins with / (it does "
		    "not begin with /)"),
		{ "", "--site @ --node A", EINVAL,
		  "--node: `A' is not allowed: a node of the site file: a-z, "
		  "0-9 and '-'\n" },
	};
#undef BAD

	(void)state;
	/* the last row goes on to the site, with no name but the host's */
	check_bad(rows, ARRAY_SIZE(rows) - 1);
}

static void lines_and_keys_are_judged(void **state)
{
	static const struct bad_row rows[] = {
		{ "prot-min = 1\n", A, EINVAL,
		  "c:1: prot-min: unknown key; did you mean `port-min'?\n" },
		{ "colour = red\n", A, EINVAL,
		  "c:1: colour: unknown key; --reference lists them\n" },
		{ "# x\n\ndscp = 1\n dscp = 2\n", A, EINVAL,
		  "c:4: dscp: set already in line 3\n" },
		{ "[media]\ndscp\n", A, EINVAL,
		  "c:1: `[media]': there are no sections here, only key = "
		  "value\nc:2: `dscp': not key = value\n" },
		{ "dscp = 1\a\n", A, EINVAL, "c:1: there is a control "
		  "character (or a NUL) in the line: text only\n" },
		{ "dscp = 64\nthreads = 17\n",
		  A " --port-min 1 --quarantine=x", EINVAL,
		  "c:1: dscp: `64' is not allowed: a number from 0 to 63\n"
		  "c:2: threads: `17' is not allowed: a number from 1 to 16\n"
		  "--port-min: `1' is not allowed: a number from 1024 to 65534\n"
		  "--quarantine: `x' is not allowed: a time from 0s to 1h, such "
		  "as 500ms, 30s, 2m\n" },
		{ "", "--prot-min 1", EBADMSG, "--prot-min: unknown option; "
		  "did you mean --port-min?\n1: is no option; try --help\n" },
		{ "", "-x", EBADMSG, "-x: is no option; try --help\n" },
		{ "", "--colour=red", EBADMSG,
		  "--colour=red: unknown option; try --help\n" },
		{ "", "--help=x", EBADMSG,
		  "--help=x: unknown option; try --help\n" },
		{ "", "--dscp", EBADMSG, "--dscp: needs a value\n" },
		{ "", "--dscp 1 --dscp=1", EBADMSG,
		  "--dscp=1: is there twice\n" },
	};

	(void)state;
	check_bad(rows, ARRAY_SIZE(rows));
}

static void what_belongs_together_is_judged(void **state)
{
	static const struct bad_row rows[] = {
		{ "", "--site @ --node b", EINVAL, "--node: @ has no node b; "
		  "it has: a\n" },
		{ "port-max = 30002\n", A, EINVAL,
		  "c:1: port-max: 30002 leaves no four ports from port-min = "
		  "30000 on, which one call takes\n" },
		{ "port-min = 50000\n", A, EINVAL,
		  "port-max (default): 40000 leaves no four ports from "
		  "port-min = 50000 on, which one call takes\n" },
		{ "media-address = 192.0.2.53\n", A, EINVAL,
		  "c:1: media-address: 192.0.2.53 is a service address, which "
		  "every node has: a call's packets would follow the route to "
		  "another one; use this node's own address\n" },
		{ "media-address = 10.0.0.1!192.0.2.53\n", A, EINVAL,
		  "c:1: media-address: 192.0.2.53 is a service address, which "
		  "every node has: a call's packets would follow the route to "
		  "another one; use this node's own address\n" },
		{ "media-address = ::ffff:192.0.2.53\n", A, EINVAL,
		  "c:1: media-address: 192.0.2.53 is a service address, which "
		  "every node has: a call's packets would follow the route to "
		  "another one; use this node's own address\n" },
		{ "listen = [2001:db8:53::53]:2223\n", A, EINVAL,
		  "c:1: listen: [2001:db8:53::53] is a service address: "
		  "anybody reaches it\n" },
		{ "listen = 127.0.0.1:30001\n", A, EINVAL,
		  "c:1: listen: 127.0.0.1:30001 is a port of the media range "
		  "30000 to 40000\n" },
		{ "", "--site /nonexistent --node a", EINVAL,
		  "/nonexistent: cannot be read: No such file or directory\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bad_row row = rows[i];
		char want[PATH_MAX + 256];
		const char *at = strchr(row.want, '@');

		if (at) {
			snprintf(want, sizeof(want), "%.*s%s%s",
				 (int)(at - row.want), row.want, site_path,
				 at + 1);
			row.want = want;
		}
		check_bad(&row, 1);
	}
}

static void actions_need_no_site(void **state)
{
	static const struct {
		const char *args;
		enum conf_action action;
	} rows[] = {
		{ "--help", CONF_HELP },
		{ "--version --site /nonexistent", CONF_VERSION },
		{ "--check-config --reference", CONF_REFERENCE },
		{ "--sample", CONF_SAMPLE },
	};
	struct conf *conf;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		conf = good("x", rows[i].args);
		CHECK_EQ(rows[i].action, conf->action, rows[i].args);
		conf_free(conf);
	}
	conf = good("", A " --reserve-ports");
	assert_int_equal(conf->action, CONF_RESERVE);
	assert_non_null(conf->node);
	conf_free(conf);
}

static void a_file_is_read_or_is_an_error(void **state)
{
	char *argv[] = { (char[]){ "p" }, (char[]){ "--config" }, NULL,
			 (char[]){ "--site" }, site_path };
	char want[PATH_MAX + 64], path[PATH_MAX];
	struct lines got = { 0 };
	struct conf *conf;

	(void)state;
	scratch_write("c.conf", "node = a\nlisten = [::1]:7\n", 26);
	snprintf(path, sizeof(path), "%s", scratch_path("c.conf"));
	argv[2] = path;
	assert_int_equal(conf_new(&conf, 5, argv, lines_add, &got), 0);
	assert_string_equal(got.text, "");
	assert_string_equal(conf->file, path);
	assert_int_equal(conf->listen[0].port, 7);
	conf_free(conf);

	argv[2] = (char[]){ "/nonexistent.conf" };
	assert_int_equal(conf_new(&conf, 5, argv, lines_add, &got), EINVAL);
	snprintf(want, sizeof(want), "/nonexistent.conf: cannot be read: No "
				     "such file or directory\n");
	assert_int_equal(strncmp(got.text, want, strlen(want)), 0);
}

static void the_control_acl_holds(void **state)
{
	static const struct {
		const char *addr;
		bool want;
	} rows[] = {
		{ "127.0.0.1", true },	 { "127.53.0.1", true },
		{ "::1", true },	 { "::ffff:127.0.0.1", true },
		{ "10.0.0.1", false },	 { "::2", false },
		{ "::ffff:10.0.0.1", false },
	};
	struct conf *conf = good("", A);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct addr a;

		addr_parse(&a, rows[i].addr, strlen(rows[i].addr));
		CHECK_EQ(rows[i].want, conf_is_allowed(conf, &a), rows[i].addr);
	}
	conf_free(conf);
}

static void the_media_address_is_proved(void **state)
{
	static const struct {
		const char *media;
		int err;
		const char *want;
	} rows[] = {
		{ "127.0.53.11", 0, "" },
		{ "127.0.53.11!198.51.100.1", 0, "" },
		{ "198.51.100.77", EADDRNOTAVAIL,
		  "media-address: 198.51.100.77 is no address of this machine: "
		  "give it to an interface (ip address add 198.51.100.77/32 "
		  "dev lo), correct the node in the site file, or say "
		  "media-address = LOCAL!198.51.100.77 behind a 1:1 NAT\n" },
		{ "127.0.53.11,2001:db8::77", EADDRNOTAVAIL,
		  "media-address: 2001:db8::77 is no address of this machine: "
		  "give it to an interface (ip address add 2001:db8::77/128 "
		  "dev lo), correct the node in the site file, or say "
		  "media-address = LOCAL!2001:db8::77 behind a 1:1 NAT\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lines got = { 0 };
		struct conf *conf;
		char text[256];

		snprintf(text, sizeof(text), "media-address = %s\n",
			 rows[i].media);
		conf = good(text, A);
		CHECK_EQ(rows[i].err, conf_prove_media(conf, lines_add, &got),
			 rows[i].media);
		CHECK_STR(rows[i].want, got.text, rows[i].media);
		conf_free(conf);
	}
}

static void put_line(void *arg, const char *line)
{
	FILE *f = arg;

	CHECK(strlen(line) < 80 || strstr(line, "; default: "), line);
	fprintf(f, "%s\n", line);
}

static void the_shipped_file_is_made_of_the_table(void **state)
{
	char *made = NULL, *shipped;
	size_t made_len, len;
	FILE *f = open_memstream(&made, &made_len);

	(void)state;
	conf_print_sample(put_line, f);
	fclose(f);
	if (getenv("UPDATE")) {		/* then read the difference */
		f = fopen(CONF_SAMPLE_FILE, "w");
		assert_non_null(f);
		fwrite(made, 1, made_len, f);
		fclose(f);
	}
	assert_int_equal(textfile_read(&shipped, &len, CONF_SAMPLE_FILE, 65536),
			 0);
	CHECK(strcmp(made, shipped) == 0, "rtp-pinner --sample");

	/* it is good as it is, and with every line in force */
	conf_free(good(shipped, A));
	for (char *at = shipped; (at = strstr(at, "\n;")); at += 2)
		at[1] = ' ';
	conf_free(good(shipped, A));
	free(made);
	textfile_free(shipped, len);
}

static void every_key_is_in_help_and_reference(void **state)
{
	char *help = NULL, *reference = NULL;
	size_t help_len, reference_len;
	FILE *f = open_memstream(&help, &help_len);

	(void)state;
	conf_print_help(put_line, f);
	fclose(f);
	f = open_memstream(&reference, &reference_len);
	conf_print_reference(put_line, f);
	fclose(f);
	for (size_t i = 0; i < CONF_KEYS; i++) {
		char want[64];

		snprintf(want, sizeof(want), "\n  --%s ", conf_keys[i].name);
		CHECK(strstr(help, want), want);
		snprintf(want, sizeof(want), "%s = ", conf_keys[i].name);
		CHECK(strstr(reference, want), want);
		CHECK(conf_keys[i].dflt ||
		      (conf_keys[i].dflt_note && conf_keys[i].example), want);
	}
	free(help);
	free(reference);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_fill_what_is_not_said),
		cmocka_unit_test(every_key_reaches_its_field),
		cmocka_unit_test(the_command_line_wins),
		cmocka_unit_test(values_are_judged),
		cmocka_unit_test(lines_and_keys_are_judged),
		cmocka_unit_test(what_belongs_together_is_judged),
		cmocka_unit_test(actions_need_no_site),
		cmocka_unit_test(a_file_is_read_or_is_an_error),
		cmocka_unit_test(the_control_acl_holds),
		cmocka_unit_test(the_media_address_is_proved),
		cmocka_unit_test(the_shipped_file_is_made_of_the_table),
		cmocka_unit_test(every_key_is_in_help_and_reference),
	};

	return cmocka_run_group_tests_name("conf", tests, setup,
					   scratch_teardown);
}
