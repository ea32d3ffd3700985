/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_mod.c - exports, parameters, start and stop of the module
 *
 * The work is done elsewhere: redirect.h decides, anycast_sip.h and
 * anycast_http.h do.
 */
#include <errno.h>
#include <string.h>

#include "core/dprint.h"
#include "core/kemi.h"
#include "core/mem/shm_mem.h"
#include "core/mod_fix.h"
#include "core/pvar.h"
#include "core/sr_module.h"
#include "core/tcp_options.h"
#include "core/timer_proc.h"
#include "modules/tm/tm_load.h"

#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_fast.h"
#include "kamailio-module/anycast_flow.h"
#include "kamailio-module/anycast_http.h"
#include "kamailio-module/anycast_peer.h"
#include "kamailio-module/anycast_owners.h"
#include "kamailio-module/anycast_pass.h"
#include "kamailio-module/anycast_pin.h"
#include "kamailio-module/anycast_pv.h"
#include "kamailio-module/anycast_rpc.h"
#include "kamailio-module/anycast_sip.h"
#include "kamailio-module/anycast_socket.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/anycast_via.h"
#include "kamailio-module/anycast_wait.h"
#include "kamailio-module/reply.h"

MODULE_VERSION

static int mod_init(void);
static int child_init(int rank);
static void mod_destroy(void);

static int w_anycast_redirect(struct sip_msg *msg, char *p1, char *p2);
static int w_anycast_http_redirect(struct sip_msg *msg, char *p1, char *p2);
static int w_anycast_pin(struct sip_msg *msg, char *p1, char *p2);
static int w_anycast_peer_sign(struct sip_msg *msg, char *p1, char *p2);
static int w_anycast_peer_check(struct sip_msg *msg, char *p1, char *p2);
static int w_anycast_claim(struct sip_msg *msg, char *p1, char *p2);
static int w_anycast_pass_reply(struct sip_msg *msg, char *p1, char *p2);
static int w_anycast_route_flow(struct sip_msg *msg, char *p1, char *p2);
static int w_anycast_next_alive(struct sip_msg *msg, char *p1, char *p2);
static int w_anycast_next_wait(struct sip_msg *msg, char *wait, char *p2);

static char *_site;
static char *_node;
static char *_state_file = NODESTATE_PATH;
static int _state_interval_ms = 200;
static char *_redirect_methods = "INVITE";
static char *_clients_path; /* NULL: the built-in table */
static char *_contact_style = "node";
static int _fallback_contacts;
static int _expires_s;
static char *_server_header;
static char *_http = "xhttp";
static char *_http_other = "307";
static int _options_retry_after_s = 5;
static int _follow_sources = 65536;
static int _follow_transactions = 262144;
static int _follow_expire_s = 3600;
static int _follow_retry_s = 86400;
static int _follow_limit = 1;
static int _follow_grace_ms = 500;
static int _fast_path;
static int _token_lifetime_s = 3600;
static int _strays = 2;
static int _owners_size = 65536;

static char _host_name[SITE_NAME_MAX];
static struct anycast_conf _conf;
static struct clients _clients;
static struct tm_binds _tm;
static void *_follow_mem;

/* clang-format off */
static cmd_export_t cmds[] = {
	{"anycast_redirect", (cmd_function)w_anycast_redirect, 0,
		0, 0, REQUEST_ROUTE},
	{"anycast_http_redirect", (cmd_function)w_anycast_http_redirect, 0,
		0, 0, ANY_ROUTE},
	{"anycast_pin", (cmd_function)w_anycast_pin, 0,
		0, 0, REQUEST_ROUTE|BRANCH_ROUTE|FAILURE_ROUTE},
	{"anycast_peer_sign", (cmd_function)w_anycast_peer_sign, 0,
		0, 0, ANY_ROUTE},
	{"anycast_peer_check", (cmd_function)w_anycast_peer_check, 0,
		0, 0, REQUEST_ROUTE},
	{"anycast_claim", (cmd_function)w_anycast_claim, 0,
		0, 0, REQUEST_ROUTE},
	{"anycast_pass_reply", (cmd_function)w_anycast_pass_reply, 0,
		0, 0, CORE_ONREPLY_ROUTE},
	{"anycast_route_flow", (cmd_function)w_anycast_route_flow, 0,
		0, 0, REQUEST_ROUTE|BRANCH_ROUTE},
	{"anycast_next_alive", (cmd_function)w_anycast_next_alive, 0,
		0, 0, REQUEST_ROUTE|BRANCH_ROUTE|FAILURE_ROUTE},
	{"anycast_next_wait", (cmd_function)w_anycast_next_wait, 1,
		fixup_igp_null, fixup_free_igp_null, REQUEST_ROUTE|BRANCH_ROUTE},
	{0, 0, 0, 0, 0, 0}
};

static param_export_t params[] = {
	{"site", PARAM_STRING, &_site},
	{"node", PARAM_STRING, &_node},
	{"state_file", PARAM_STRING, &_state_file},
	{"state_interval", PARAM_INT, &_state_interval_ms},
	{"redirect_methods", PARAM_STRING, &_redirect_methods},
	{"clients", PARAM_STRING, &_clients_path},
	{"contact_style", PARAM_STRING, &_contact_style},
	{"fallback_contacts", PARAM_INT, &_fallback_contacts},
	{"expires", PARAM_INT, &_expires_s},
	{"server_header", PARAM_STRING, &_server_header},
	{"http", PARAM_STRING, &_http},
	{"http_other", PARAM_STRING, &_http_other},
	{"options_retry_after", PARAM_INT, &_options_retry_after_s},
	{"follow_sources", PARAM_INT, &_follow_sources},
	{"follow_transactions", PARAM_INT, &_follow_transactions},
	{"follow_expire", PARAM_INT, &_follow_expire_s},
	{"follow_retry", PARAM_INT, &_follow_retry_s},
	{"follow_limit", PARAM_INT, &_follow_limit},
	{"follow_grace", PARAM_INT, &_follow_grace_ms},
	{"fast_path", PARAM_INT, &_fast_path},
	{"token_lifetime", PARAM_INT, &_token_lifetime_s},
	{"strays", PARAM_INT, &_strays},
	{"owners_size", PARAM_INT, &_owners_size},
	{0, 0, 0}
};

static pv_export_t pvs[] = {
	{{"anycast", (sizeof("anycast")-1)}, PVT_OTHER, anycast_pv_get, 0,
		anycast_pv_parse_name, 0, 0, 0},
	{{0, 0}, 0, 0, 0, 0, 0, 0, 0}
};

struct module_exports exports = {
	"anycast",        /* module name */
	DEFAULT_DLFLAGS,  /* dlopen flags */
	cmds,             /* exported functions */
	params,           /* exported parameters */
	anycast_rpc_cmds, /* exported RPC commands */
	pvs,              /* exported pseudo-variables */
	0,                /* response function */
	mod_init,         /* module initialization function */
	child_init,       /* per-child init function */
	mod_destroy       /* module destroy function */
};
/* clang-format on */

/* One parameter out of its range: says which, what it is and what it may be. */
static int check_range(const char *name, int value, int min, int max)
{
	if(value >= min && value <= max)
		return 0;
	LM_ERR("modparam %s: %d is not in %d..%d\n", name, value, min, max);
	return -1;
}

static int check_ranges(void)
{
	int err = 0;

	err |= check_range("state_interval", _state_interval_ms, 10, 60000);
	err |= check_range(
			"fallback_contacts", _fallback_contacts, 0, REPLY_CONTACTS_MAX - 1);
	err |= check_range("expires", _expires_s, 0, 86400);
	err |= check_range(
			"options_retry_after", _options_retry_after_s, 0, 3600);
	err |= check_range("follow_sources", _follow_sources, 3, 1 << 26);
	err |= check_range(
			"follow_transactions", _follow_transactions, 3, 1 << 26);
	err |= check_range("follow_expire", _follow_expire_s, 1, 30 * 86400);
	err |= check_range("follow_retry", _follow_retry_s, 1, 30 * 86400);
	err |= check_range("follow_limit", _follow_limit, 1, 63);
	err |= check_range("follow_grace", _follow_grace_ms, 0, 60000);
	err |= check_range("fast_path", _fast_path, 0, 1);
	err |= check_range("token_lifetime", _token_lifetime_s, 60, 604800);
	err |= check_range("strays", _strays, 0, 64);
	err |= check_range("owners_size", _owners_size, 5, 1 << 26);
	return err;
}

/* A parameter that is one of a few words. */
static int parse_words(void)
{
	struct slice bad;
	int err = 0;

	if(redirect_methods_parse(&_conf.redirect.methods,
			   slice_str(_redirect_methods), &bad)) {
		LM_ERR("modparam redirect_methods: `%.*s' is not allowed: a comma "
			   "separated list of methods without ACK and CANCEL\n",
				(int)bad.len, bad.len ? bad.text : "");
		err = -1;
	}
	if(!strcmp(_contact_style, "maddr")) {
		_conf.answer.contact_style = CONTACT_MADDR;
	} else if(strcmp(_contact_style, "node")) {
		LM_ERR("modparam contact_style: `%s' is not allowed: node or "
			   "maddr\n",
				_contact_style);
		err = -1;
	}
	if(strcmp(_http, "xhttp") && strcmp(_http, "direct")) {
		LM_ERR("modparam http: `%s' is not allowed: xhttp or direct\n", _http);
		err = -1;
	}
	_conf.http_other_status = !strcmp(_http_other, "302") ? 302 : 307;
	if(strcmp(_http_other, "302") && strcmp(_http_other, "307")) {
		LM_ERR("modparam http_other: `%s' is not allowed: 307 or 302\n",
				_http_other);
		err = -1;
	}
	return err;
}

static int read_params(void)
{
	int err = check_ranges() | parse_words();

	if(_site == NULL) {
		LM_ERR("modparam site is missing: the path of the site file\n");
		err = -1;
	}
	if(_node == NULL) {
		site_local_name(_host_name);
		_node = _host_name;
	}
	_conf.answer.fallback_contacts = (unsigned)_fallback_contacts;
	_conf.answer.expires_s = (uint32_t)_expires_s;
	_conf.answer.options_retry_after_s = (uint32_t)_options_retry_after_s;
	_conf.answer.server_header = _server_header;
	return err;
}

static void log_clients_error(void *arg, const char *line)
{
	LM_ERR("%s\n", line);
}

/* What answers requests: needs tm, the clients and the follow table. */
static int init_answers(struct follow *follow)
{
	const struct anycast_env env = {
			.conf = &_conf,
			.tm = _tm.t_relay ? &_tm : NULL,
			.follow = follow,
			.clients = &_clients,
	};

	anycast_rpc_init(follow);
	anycast_sip_init(&env);
	anycast_wait_init(env.tm);
	return _fast_path ? anycast_fast_init(&env) : 0;
}

static int init_follow(void)
{
	const struct follow_conf conf = {
			.sources = (uint32_t)_follow_sources,
			.transactions = (uint32_t)_follow_transactions,
			.expire_s = (uint32_t)_follow_expire_s,
			.retry_s = (uint32_t)_follow_retry_s,
			.limit = (uint32_t)_follow_limit,
			.grace_ms = (uint32_t)_follow_grace_ms,
	};
	size_t size = follow_size(&conf);
	uintptr_t aligned;

	_follow_mem = shm_malloc(size + 64);
	if(_follow_mem == NULL) {
		LM_ERR("no shared memory for follow tracking: %zu bytes; lower "
			   "follow_sources or follow_transactions, or start with a "
			   "larger -m\n",
				size);
		return -1;
	}
	aligned = ((uintptr_t)_follow_mem + 63) & ~(uintptr_t)63;
	return init_answers(follow_init((void *)aligned, &conf));
}

/* tm is wanted, not needed: a pure front has no transactions. */
static void load_tm_optional(void)
{
	_conf.redirect.can_relay =
			find_export("load_tm", -1, 0) && tm_load_api(&_tm) == 0;
	if(_conf.redirect.can_relay)
		return;
	memset(&_tm, 0, sizeof(_tm));
	LM_NOTICE("tm is not loaded before anycast: served transactions are not "
			  "recognised and requests for other nodes are not relayed\n");
}

static int load_clients(void)
{
	int err;

	if(_clients_path)
		err = clients_read(&_clients, _clients_path, log_clients_error, NULL);
	else
		err = clients_parse(&_clients, "clients.conf", clients_builtin(),
				log_clients_error, NULL);
	if(err == 0)
		return 0;
	LM_ERR("client table %s: %s\n",
			_clients_path ? _clients_path : "(built in)", strerror(err));
	return -1;
}

/* Without tm there are no transactions whose messages could go astray. */
static int init_strays(void)
{
	if(!_conf.redirect.can_relay || anycast_pass_init(_strays))
		return _conf.redirect.can_relay ? -1 : 0;
	if(!anycast_pass_wanted())
		return 0;
	return anycast_owners_init((uint32_t)_owners_size);
}

static int mod_init(void)
{
	if(read_params() || load_clients() || anycast_stats_init())
		return -1;
	load_tm_optional();
	anycast_flow_init((uint32_t)_token_lifetime_s);
	/* anycast_pin() shows save() the Path it writes, over TCP as well */
	_conf.redirect.can_register = find_module_by_name("registrar") != NULL;
	if(_conf.redirect.can_register)
		tcp_set_clone_rcvbuf(1);
	if(anycast_site_init(_site, _node, _state_file) || init_follow())
		return -1;
	if(init_strays())
		return -1;
	if(anycast_http_init(&_conf, !strcmp(_http, "direct")))
		return -1;
	return register_basic_timers(1);
}

static void poll_state(unsigned int ticks, void *param)
{
	anycast_site_poll();
	anycast_http_sweep();
}

static int child_init(int rank)
{
	if(rank == PROC_INIT) {
		anycast_socket_defaults();
		if(anycast_pass_open() < 0)
			return -1;
		_conf.redirect.can_pass = anycast_pass_active();
		return anycast_via_init();
	}
	if(rank != PROC_MAIN)
		return 0;
	if(anycast_pass_start() < 0)
		return -1;
	return fork_basic_utimer(PROC_TIMER, "anycast state", 1, poll_state,
				   NULL, _state_interval_ms * 1000)
						   < 0
				   ? -1
				   : 0;
}

static void mod_destroy(void)
{
	anycast_owners_destroy();
	anycast_site_destroy();
	clients_fini(&_clients);
	if(_follow_mem)
		shm_free(_follow_mem);
	_follow_mem = NULL;
}

static int w_anycast_redirect(struct sip_msg *msg, char *p1, char *p2)
{
	return anycast_sip_redirect(msg);
}

static int ki_redirect(struct sip_msg *msg)
{
	return anycast_sip_redirect(msg);
}

static int w_anycast_http_redirect(struct sip_msg *msg, char *p1, char *p2)
{
	return anycast_http_answer(msg);
}

static int ki_http_redirect(struct sip_msg *msg)
{
	return anycast_http_answer(msg);
}

static int w_anycast_pin(struct sip_msg *msg, char *p1, char *p2)
{
	return anycast_pin(msg);
}

static int ki_pin(struct sip_msg *msg)
{
	return anycast_pin(msg);
}

static int w_anycast_claim(struct sip_msg *msg, char *p1, char *p2)
{
	return anycast_claim(msg);
}

static int ki_claim(struct sip_msg *msg)
{
	return anycast_claim(msg);
}

static int w_anycast_pass_reply(struct sip_msg *msg, char *p1, char *p2)
{
	return anycast_pass_reply(msg);
}

static int ki_pass_reply(struct sip_msg *msg)
{
	return anycast_pass_reply(msg);
}

static int w_anycast_route_flow(struct sip_msg *msg, char *p1, char *p2)
{
	return anycast_route_flow(msg);
}

static int ki_route_flow(struct sip_msg *msg)
{
	return anycast_route_flow(msg);
}

static int w_anycast_next_alive(struct sip_msg *msg, char *p1, char *p2)
{
	return anycast_next_alive(msg);
}

static int ki_next_alive(struct sip_msg *msg)
{
	return anycast_next_alive(msg);
}

static int w_anycast_next_wait(struct sip_msg *msg, char *wait, char *p2)
{
	int wait_ms;

	if(get_int_fparam(&wait_ms, msg, (fparam_t *)wait) < 0) {
		LM_ERR("anycast_next_wait: not a number of milliseconds\n");
		return -1;
	}
	return anycast_next_wait(msg, wait_ms);
}

static int ki_next_wait(struct sip_msg *msg, int wait_ms)
{
	return anycast_next_wait(msg, wait_ms);
}

static int w_anycast_peer_sign(struct sip_msg *msg, char *p1, char *p2)
{
	return anycast_peer_sign(msg);
}

static int ki_peer_sign(struct sip_msg *msg)
{
	return anycast_peer_sign(msg);
}

static int w_anycast_peer_check(struct sip_msg *msg, char *p1, char *p2)
{
	return anycast_peer_check(msg);
}

static int ki_peer_check(struct sip_msg *msg)
{
	return anycast_peer_check(msg);
}

/* clang-format off */
static sr_kemi_t sr_kemi_anycast_exports[] = {
	{ str_init("anycast"), str_init("redirect"),
		SR_KEMIP_INT, ki_redirect,
		{ SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE }
	},
	{ str_init("anycast"), str_init("http_redirect"),
		SR_KEMIP_INT, ki_http_redirect,
		{ SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE }
	},
	{ str_init("anycast"), str_init("pin"),
		SR_KEMIP_INT, ki_pin,
		{ SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE }
	},
	{ str_init("anycast"), str_init("claim"),
		SR_KEMIP_INT, ki_claim,
		{ SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE }
	},
	{ str_init("anycast"), str_init("pass_reply"),
		SR_KEMIP_INT, ki_pass_reply,
		{ SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE }
	},
	{ str_init("anycast"), str_init("route_flow"),
		SR_KEMIP_INT, ki_route_flow,
		{ SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE }
	},
	{ str_init("anycast"), str_init("next_alive"),
		SR_KEMIP_INT, ki_next_alive,
		{ SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE }
	},
	{ str_init("anycast"), str_init("next_wait"),
		SR_KEMIP_INT, ki_next_wait,
		{ SR_KEMIP_INT, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE }
	},
	{ str_init("anycast"), str_init("peer_sign"),
		SR_KEMIP_INT, ki_peer_sign,
		{ SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE }
	},
	{ str_init("anycast"), str_init("peer_check"),
		SR_KEMIP_INT, ki_peer_check,
		{ SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE }
	},
	{ {0, 0}, {0, 0}, 0, NULL, { 0, 0, 0, 0, 0, 0 } }
};
/* clang-format on */

int mod_register(char *path, int *dlflags, void *p1, void *p2)
{
	sr_kemi_modules_add(sr_kemi_anycast_exports);
	return 0;
}
