/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycastctl: the operator's command.  Its arguments; see ctl.h. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/nodestate.h"
#include "ctl/ctl.h"
#include "ctl/ng.h"
#include "ctl/version.h"

enum option_id {
	OPTION_SITE,
	OPTION_NODE,
	OPTION_STATE,
	OPTION_REFERENCE,
	OPTION_AGENT,
	OPTION_PINNER,
	OPTION_JSON,
	OPTION_WAIT,
	OPTION_WITHDRAWN,
	OPTION_DEADLINE,
	OPTION_PHONES,
	OPTION_FORCE,
	OPTION_TIMEOUT,
	OPTION_MARK,
	OPTION_AGENT_PROGRAM,
	OPTION_AGENT_CONF,
	OPTION_NEIGHBOR,
	OPTION_INTERFACE,
	OPTION_OUTPUT,
	OPTION_ZONE,
	OPTION_NODE_LOCAL,
	OPTION_ROOT,
	OPTION_HELP,
	OPTION_VERSION,
	OPTIONS
};

static const struct {
	const char *name;
	const char *arg;	/* NULL: takes none */
	const char *help;
} options[OPTIONS] = {
	[OPTION_SITE] = { "site", "FILE",
			  "the site file (default " SITE_PATH ")" },
	[OPTION_NODE] = { "node", "NAME",
			  "this node's name (default: the host name)" },
	[OPTION_STATE] = { "state", "PATH",
			   "the node state file (default " NODESTATE_PATH ")" },
	[OPTION_REFERENCE] = { "reference", NULL,
			       "print all sections and keys of a site file" },
	[OPTION_AGENT] = { "agent", "SOCKET",
			   "the health agent's control socket (default "
			   AGENT_SOCKET ")" },
	[OPTION_PINNER] = { "pinner", "WHERE",
			    "the pinner's ng socket (default " NG_PINNER ")" },
	[OPTION_JSON] = { "json", NULL, "print the reply as it is" },
	[OPTION_WAIT] = { "wait", NULL, "wait until the drain is over, or all is announced "
			  "again" },
	[OPTION_WITHDRAWN] = { "withdrawn", NULL,
			       "wait until nothing is announced, and not for "
			       "the calls that run" },
	[OPTION_DEADLINE] = { "deadline", "SECONDS",
			      "how long calls may go on after the withdrawal "
			      "(default: the agent's drain-deadline)" },
	[OPTION_PHONES] = { "phones", "SECONDS",
			    "how long phones have to register elsewhere "
			    "(default: the agent's drain-phones)" },
	[OPTION_FORCE] = { "force", NULL,
			   "withdraw although no other node is up" },
	[OPTION_TIMEOUT] = { "timeout", "SECONDS",
			     "wait no longer (default: 300 with resume --wait, "
			     "10 with resume --mark, else 0: for ever)" },
	[OPTION_MARK] = { "mark", "FILE",
			  "drain: note that the node was in service; resume: "
			  "only then" },
	[OPTION_AGENT_PROGRAM] = { "agent-program", "PATH",
				   "the agent ExaBGP runs (default "
				   AGENT_PROGRAM ")" },
	[OPTION_AGENT_CONF] = { "agent-conf", "FILE",
				"its configuration (default: its own)" },
	[OPTION_NEIGHBOR] = { "neighbor", "NAME",
			      "only sessions with this router, or this address" },
	[OPTION_INTERFACE] = { "interface", "NAME",
			       "where bird-igp and frr-igp speak OSPF" },
	[OPTION_OUTPUT] = { "output", "FOLDER",
			    "where knot has its files, and they are written" },
	[OPTION_ZONE] = { "zone", "NAME", "an alias that is no part of the "
			  "domain" },
	[OPTION_NODE_LOCAL] = { "node-local", NULL,
				"zones with this node's addresses instead of "
				"the service's" },
	[OPTION_ROOT] = { "root", "FOLDER", "what nginx serves (default "
			  CONTENT_FOLDER ")" },
	[OPTION_HELP] = { "help", NULL, "print this text" },
	[OPTION_VERSION] = { "version", NULL, "print the version" },
};

#define TAKES(id) (1u << OPTION_##id)
#define TAKES_NODE (TAKES(SITE) | TAKES(NODE))
#define TAKES_RENDER \
	(TAKES_NODE | TAKES(AGENT_PROGRAM) | TAKES(AGENT_CONF) | \
	 TAKES(NEIGHBOR) | TAKES(INTERFACE) | TAKES(OUTPUT) | TAKES(ZONE) | \
	 TAKES(NODE_LOCAL) | TAKES(ROOT))
#define TAKES_AGENT (TAKES(AGENT) | TAKES(STATE))
#define TAKES_ANSWER (TAKES_AGENT | TAKES(JSON))
#define TAKES_STATE (TAKES_NODE | TAKES_AGENT)

static const struct command {
	const char *name;
	const char *operand;	/* NULL: takes none; [X]: may be left out */
	unsigned takes;		/* options */
	int (*run)(const struct ctl *ctl);
	const char *help;
} commands[] = {
	{ "check", "[FILE]", TAKES(SITE) | TAKES(REFERENCE), ctl_check,
	  "print every error of the site file" },
	{ "render", "TARGET", TAKES_RENDER, ctl_render,
	  "print another program's settings for this node" },
	{ "status", NULL, TAKES_STATE | TAKES(PINNER) | TAKES(JSON), ctl_status,
	  "say what this node and its peers are doing" },
	{ "why", NULL, TAKES_ANSWER, ctl_why,
	  "say what holds the node where it is" },
	{ "log", "[LINES]", TAKES_ANSWER, ctl_log,
	  "print what has happened to the node" },
	{ "nodes", NULL, TAKES_ANSWER, ctl_nodes,
	  "show the cluster: each node's state, calls and site file" },
	{ "drain", NULL, TAKES_STATE | TAKES(WAIT) | TAKES(FORCE) |
	  TAKES(TIMEOUT) | TAKES(MARK) | TAKES(WITHDRAWN) | TAKES(DEADLINE) |
	  TAKES(PHONES), ctl_drain,
	  "hand new calls to other nodes; what runs here goes on" },
	{ "resume", NULL,
	  TAKES_STATE | TAKES(MARK) | TAKES(TIMEOUT) | TAKES(WAIT), ctl_resume,
	  "take new calls again" },
	{ "disable", NULL, TAKES_AGENT, ctl_disable,
	  "withdraw at once and stay so until resume" },
	{ "reload", NULL, TAKES_AGENT, ctl_reload,
	  "have the agent read its files again" },
	{ "restart", NULL, TAKES_AGENT, ctl_restart,
	  "have the agent start anew, as after an upgrade" },
	{ "calls", NULL, TAKES(PINNER) | TAKES(JSON), ctl_calls,
	  "list the calls whose media this node relays" },
	{ "call", "ID", TAKES(PINNER) | TAKES(JSON), ctl_call,
	  "show one of them: who is heard, and why somebody is not" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void print_row(const char *word, const char *arg, const char *help)
{
	int width = 22;
	int len = printf("  %s%s%s", word, arg ? " " : "", arg ? arg : "");

	printf("%*s%s\n", len < width ? width - len : 1, "", help);
}

static void print_help(void)
{
	char word[32];

	puts("usage: anycastctl [OPTION]... COMMAND\n\nCommands:");
	for (size_t i = 0; i < COUNT(commands); i++)
		print_row(commands[i].name, commands[i].operand,
			  commands[i].help);
	puts("\nTargets of render:");
	for (size_t i = 0; i < ctl_target_cnt; i++)
		print_row(ctl_targets[i].name, NULL, ctl_targets[i].help);
	puts("\nOptions, before or after the command:");
	for (size_t i = 0; i < OPTIONS; i++) {
		snprintf(word, sizeof(word), "--%s", options[i].name);
		print_row(word, options[i].arg, options[i].help);
	}
	printf("\nExit status: %d done, %d failed, %d drained at the deadline "
	       "with calls left,\n%d wrong call, %d wrong site file.\n", CTL_OK,
	       CTL_FAILURE, CTL_CALLS_LEFT, CTL_USAGE, CTL_CONFIG);
}

static int usage(void)
{
	fputs("try: anycastctl --help\n", stderr);
	return CTL_USAGE;
}

static int take_seconds(uint32_t *out, const char *name, const char *arg)
{
	if (!slice_u32(out, slice_str(arg), 86400))
		return CTL_OK;
	ctl_complain("--%s %s: not a number of seconds up to 86400", name, arg);
	return usage();
}

static int take_option(struct ctl *ctl, enum option_id id, const char *arg)
{
	switch (id) {
	case OPTION_SITE:
		ctl->site_path = arg;
		break;
	case OPTION_NODE:
		ctl->node_name = arg;
		break;
	case OPTION_STATE:
		ctl->state_path = arg;
		break;
	case OPTION_REFERENCE:
		ctl->reference = true;
		break;
	case OPTION_PINNER:
		ctl->pinner = arg;
		ctl->pinner_given = true;
		break;
	case OPTION_JSON:
		ctl->json = true;
		break;
	case OPTION_AGENT:
		ctl->agent = arg;
		break;
	case OPTION_WAIT:
		ctl->wait = true;
		break;
	case OPTION_FORCE:
		ctl->force = true;
		break;
	case OPTION_WITHDRAWN:
		ctl->wait = ctl->withdrawn = true;
		break;
	case OPTION_DEADLINE:
		ctl->has_deadline = true;
		return take_seconds(&ctl->deadline_s, "deadline", arg);
	case OPTION_PHONES:
		ctl->has_phones = true;
		return take_seconds(&ctl->phones_s, "phones", arg);
	case OPTION_TIMEOUT:
		ctl->has_timeout = true;
		return take_seconds(&ctl->timeout_s, "timeout", arg);
	case OPTION_MARK:
		ctl->mark = arg;
		break;
	case OPTION_AGENT_PROGRAM:
		ctl->agent_program = arg;
		break;
	case OPTION_AGENT_CONF:
		ctl->agent_conf = arg;
		break;
	case OPTION_NEIGHBOR:
		ctl->neighbor = arg;
		break;
	case OPTION_INTERFACE:
		ctl->interface = arg;
		break;
	case OPTION_OUTPUT:
		ctl->output = arg;
		break;
	case OPTION_ZONE:
		ctl->zone = arg;
		break;
	case OPTION_NODE_LOCAL:
		ctl->node_local = true;
		break;
	case OPTION_ROOT:
		ctl->root = arg;
		break;
	case OPTION_HELP:
	case OPTION_VERSION:
	case OPTIONS:
		break;
	}
	return CTL_OK;
}

/* *given gets a bit for each option that was there. */
static int take_options(struct ctl *ctl, unsigned *given, int argc, char **argv)
{
	struct option table[OPTIONS + 1] = { 0 };
	int index;
	int got;

	for (size_t i = 0; i < OPTIONS; i++)
		table[i] = (struct option){
			.name = options[i].name,
			.has_arg = options[i].arg ? required_argument
						  : no_argument,
			.val = (int)i,
		};
	opterr = 0;
	while ((got = getopt_long(argc, argv, ":hV", table, &index)) != -1) {
		switch (got) {
		case ':':
			ctl_complain("%s needs a value", argv[optind - 1]);
			return usage();
		case '?':
			ctl_complain("%s: unknown option", argv[optind - 1]);
			return usage();
		case 'h':
			got = OPTION_HELP;
			break;
		case 'V':
			got = OPTION_VERSION;
			break;
		}
		*given |= 1u << got;
		if (take_option(ctl, (enum option_id)got, optarg))
			return CTL_USAGE;
	}
	return CTL_OK;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* Does the call fit the command's row? */
static int check_call(const struct command *command, unsigned given,
		      char **operands, int cnt)
{
	int least = command->operand && command->operand[0] != '[';
	int most = command->operand != NULL;

	for (size_t i = 0; i < OPTIONS; i++) {
		if (given & ~command->takes & (1u << i)) {
			ctl_complain("%s takes no --%s", command->name,
				     options[i].name);
			return usage();
		}
	}
	if (cnt < least) {
		ctl_complain("%s needs %s", command->name, command->operand);
		return usage();
	}
	if (cnt > most) {
		ctl_complain("%s: one argument too many: %s", command->name,
			     operands[most]);
		return usage();
	}
	return CTL_OK;
}

static int run_command(struct ctl *ctl, unsigned given, int cnt, char **words)
{
	const struct command *command;
	int status;

	if (cnt == 0) {
		ctl_complain("no command");
		return usage();
	}
	command = find_command(words[0]);
	if (!command) {
		ctl_complain("%s: unknown command", words[0]);
		return usage();
	}
	status = check_call(command, given, words + 1, cnt - 1);
	if (status)
		return status;
	ctl->operand = words[1];	/* argv ends in NULL */
	return command->run(ctl);
}

int main(int argc, char **argv)
{
	struct ctl ctl = {
		.site_path = SITE_PATH,
		.state_path = NODESTATE_PATH,
		.pinner = NG_PINNER,
		.agent = AGENT_SOCKET,
		.agent_program = AGENT_PROGRAM,
		.root = CONTENT_FOLDER,
	};
	unsigned given = 0;
	int status = take_options(&ctl, &given, argc, argv);

	if (status)
		return status;
	if (given & TAKES(HELP))
		print_help();
	else if (given & TAKES(VERSION))
		puts("anycastctl " SIP_ANYCAST_VERSION);
	else
		status = run_command(&ctl, given, argc - optind,
				     argv + optind);

	if (fflush(stdout) == EOF || ferror(stdout)) {
		ctl_complain("the output could not be written");
		return CTL_FAILURE;
	}
	return status;
}
