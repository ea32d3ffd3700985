/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/exabgp/test/script.h"

/* The first two answers: sessions, and an empty adj-rib-out. */
#define BEGUN "> $summary", "< $heading", "< $A$row", "< done", \
	"> $listing", "< done"
#define SAID_53 "> neighbor $A announce route $P next-hop self med 100"
#define LISTED_53 "< neighbor $A $4 $P next-hop self med 100"
#define GONE_53 "> neighbor $A withdraw route $P"

static void begin_with_nothing(void)
{
	init_rib("A", "P");
	PLAY(BEGUN, "-", "found");
}

/* Announced and proven; the next check is 2 s away. */
static void begin_announced(void)
{
	begin_with_nothing();
	PLAY("want $P med 100", "> $listing", "< done", SAID_53, "< done",
	     "> $listing", LISTED_53, "< done", "-", "proof $P advertised");
}

/* ---- the ordinary life of a route */

static void nothing_is_changed_before_the_first_want(void **state)
{
	(void)state;
	init_rib("A", "P");
	PLAY("found unknown", "due 0", "> $summary", "-", "< $heading",
	     "< $A$row", "-", "< done", "session $A up", "found unknown",
	     "> $listing", LISTED_53, "-", "< done", "-",
	     "found 192.0.2.53/32 unknown med 100", "proof $P none", "due 2000",
	     "+1999", "-", "+1", "> $listing", LISTED_53, "< done",
	     "> $summary", "< $heading", "< $A$row", "< done", "-");
}

static void a_route_is_announced_changed_and_withdrawn(void **state)
{
	(void)state;
	begin_with_nothing();
	PLAY("want $P med 100", "done 0", "proof $P pending",
	     /* before something is announced: is it there already? */
	     "> $listing", "< done", SAID_53, "-", "proof $P pending",
	     "done 0", "< done", "done 1", "proof $P pending",
	     "> $listing", LISTED_53, "< done", "proof $P advertised", "-",
	     "count resyncs 0",

	     "want $P med 500 prepend 2 community 65535:0", "done 1",
	     "proof $P pending",
	     "> neighbor $A announce route $P next-hop self med 500 as-path [ "
	     "64511 64511 64511 ] community [ 65535:0 ]", "< done",
	     "done 2", "> $listing",
	     "< neighbor $A $4 $P next-hop self as-path [ 64511 64511 64511 ] "
	     "med 500 community 65535:0", "< done",
	     "proof $P advertised", "-",

	     "want nothing", "proof $P unwanted", "done 2", GONE_53,
	     "proof $P unwanted", "< done", "proof $P none", "done 3",
	     "> $listing", "< done", "-", "proof $P none", "count resyncs 0",
	     "count errors 0", "count timeouts 0", "count dropped 0", "text");
}

static void the_same_want_again_says_nothing(void **state)
{
	(void)state;
	begin_announced();
	PLAY("want $P med 100", "-", "done 2", "want $P med 100", "-", "done 3",
	     "count commands 5");
}

static void what_is_there_already_is_adopted(void **state)
{
	(void)state;
	init_rib("AB", "P");
	PLAY("> $summary", "< $heading", "< $A$row", "< $B$row", "< done",
	     "> $listing",
	     "< neighbor $A $4 $P next-hop 198.51.100.11 med 100 as-path ( "
	     "64511 64511 ) community [ 64511:1 65535:0 ]",
	     "< neighbor $B $4 $P next-hop 198.51.100.11 med 100 as-path ( "
	     "64511 64511 ) community [ 64511:1 65535:0 ]", "< done", "-",
	     "found 192.0.2.53/32 unknown med 100 prepend 1 community 64511:1 "
	     "65535:0",
	     "want $P med 100 prepend 1 community 65535:0 community 64511:1",
	     "> $listing",
	     "< neighbor $A $4 $P next-hop 198.51.100.11 med 100 as-path ( "
	     "64511 64511 ) community [ 64511:1 65535:0 ]",
	     "< neighbor $B $4 $P next-hop 198.51.100.11 med 100 as-path ( "
	     "64511 64511 ) community [ 64511:1 65535:0 ]", "< done", "-",
	     "proof $P advertised", "done 1", "count commands 3");
}

static void what_is_there_otherwise_is_changed_without_a_gap(void **state)
{
	(void)state;
	init_rib("A", "P");
	PLAY("> $summary", "< $heading", "< $A$row", "< done", "> $listing",
	     "< neighbor $A $4 $P next-hop self med 5", "< done",
	     "want $P med 100", "> $listing",
	     "< neighbor $A $4 $P next-hop self med 5", "< done", SAID_53,
	     "< done", "> $listing", LISTED_53, "< done");
}

static void a_first_want_of_nothing_withdraws_at_once(void **state)
{
	(void)state;
	init_rib("A", "PQ");
	PLAY("> $summary", "< $heading", "< done", "> $listing", LISTED_53,
	     "< done", "want nothing", "proof $P unwanted", GONE_53, "< done",
	     "proof $P none", "done 1", "> $listing", "< done", "-");
}

/* Nothing is known yet, but withdrawing needs to know nothing. */
static void nothing_wanted_goes_before_asking(void **state)
{
	(void)state;
	init_rib("A", "P");
	PLAY("want nothing", "> $summary", "< $heading", "< done", GONE_53,
	     "< done", "> $listing", "< done", "-", "done 1");
}

static void withdrawals_go_first(void **state)
{
	(void)state;
	init_rib("AB", "PQ");
	PLAY("> $summary", "< $heading", "< $A$row", "< $B$row", "< done",
	     "> $listing", LISTED_53,
	     "< neighbor $B $4 $P next-hop self med 100", "< done",
	     "want $Q med 7", GONE_53, "< done",
	     "> neighbor $B withdraw route $P", "< done", "> $listing",
	     "< done", "> neighbor $A announce route $Q next-hop self med 7",
	     "< done", "> neighbor $B announce route $Q next-hop self med 7",
	     "< done", "done 1");
}

static void each_family_has_its_sessions(void **state)
{
	(void)state;
	init_rib("AC", "PR");
	PLAY("> $summary", "< $heading", "< $A$row", "< $C$row", "< done",
	     "> $listing", "< done", "want $P med 1, $R med 2", "> $listing",
	     "< done", "> neighbor $A announce route $P next-hop self med 1",
	     "< done", "> neighbor $C announce route $R next-hop self med 2",
	     "< done", "> $listing",
	     "< neighbor $A $4 $P next-hop self med 1",
	     "< neighbor $C $6 $R next-hop 2001:db8:1::11 med 2", "< done",
	     "-", "proof $P advertised", "proof $R advertised", "done 1");
}

static void a_neighbour_of_our_own_AS_gets_no_path(void **state)
{
	(void)state;
	init_rib("I", "P");
	PLAY("> $summary", "< $heading", "< $I$row", "< done", "> $listing",
	     "< done", "want $P med 1 prepend 3", "> $listing", "< done",
	     "> neighbor $I announce route $P next-hop self med 1", "< done",
	     "> $listing", "< neighbor $I $4 $P next-hop self med 1", "< done",
	     "-", "proof $P advertised");
}

static void only_the_state_is_not_told(void **state)
{
	struct route_set set = { .cnt = 1 };

	(void)state;
	begin_announced();
	set.routes[0] = *route_find(&rib.want, &rib.conf.own[0]);
	set.routes[0].state = NODE_DEGRADED;
	rib_want(&rib, &set, 9, now_ms);
	PLAY("-", "done 9", "proof $P advertised");
}

/* ---- wants that change while a command is in flight */

static void an_outdated_announcement_is_followed_by_the_new_one(void **state)
{
	(void)state;
	begin_with_nothing();
	PLAY("want $P med 100", "> $listing", "< done", SAID_53,
	     "want $P med 200", "-", "< done", "done 0",
	     "> neighbor $A announce route $P next-hop self med 200",
	     "want nothing", "-", "< done", "proof $P unwanted", GONE_53,
	     "want $P med 100", "-", "< done", SAID_53, "< done", "done 4");
}

static void there_and_back_while_in_flight_is_said_again(void **state)
{
	(void)state;
	begin_with_nothing();
	PLAY("want $P med 100", "> $listing", "< done", SAID_53,
	     "want nothing", "want $P med 100", "< done", SAID_53, "< done",
	     "done 3");
}

/* ---- ExaBGP at its worst */

static void errors_are_counted_and_tried_again_ever_later(void **state)
{
	(void)state;
	begin_with_nothing();
	PLAY("want $P med 100", "> $listing", "< done", SAID_53, "< error",
	     "count errors 1", "proof $P refused", "done 0", "-", "due 500",
	     "text ExaBGP refuses 192.0.2.53 to 198.51.100.1 (see log)",
	     "+499", "-", "+1", SAID_53, "< error", "+999", "-", "+1", SAID_53,
	     "< error", "count errors 3", "due 500", "+500",
	     /* meanwhile it is asked as ever */
	     "> $listing", "< done", "> $summary", "< $heading", "< $A$row",
	     "< done", "proof $P refused", "+1500", SAID_53, "< done",
	     "done 1", "proof $P pending", "> $listing", LISTED_53, "< done",
	     "proof $P advertised", "text");
}

static void a_new_want_is_tried_at_once(void **state)
{
	(void)state;
	begin_with_nothing();
	PLAY("want $P med 100", "> $listing", "< done", SAID_53, "< error",
	     "want $P med 200", "proof $P pending",
	     "> neighbor $A announce route $P next-hop self med 200");
}

static void a_refused_withdrawal_stays_unwanted(void **state)
{
	(void)state;
	begin_announced();
	PLAY("want nothing", GONE_53, "< error", "proof $P unwanted",
	     "text 192.0.2.53 is not withdrawn from 198.51.100.1 yet", "-",
	     "+500", GONE_53, "< done", "proof $P none", "done 2");
}

static void no_answer_is_a_timeout_and_a_new_beginning(void **state)
{
	(void)state;
	begin_with_nothing();
	PLAY("want $P med 100", "> $listing", "< done", SAID_53, "+1999", "-",
	     "alive yes", "+1", "> $summary", "count timeouts 1",
	     "proof $P pending", "+2000", "alive no",
	     "text ExaBGP does not answer",
	     /* the pipe is not filled with what nobody reads */
	     "-", "count timeouts 2", "due 500", "+500", "> $summary",
	     "+2000", "-", "+1000", "> $summary",
	     /* it wakes: the answers to all of them */
	     "< done", "< $heading", "< $A$row", "< done", "alive yes",
	     "> $listing", "< $heading", "count dropped 2", "< $A$row",
	     "< done", "-", "count dropped 4", "< $heading", "< done", "-",
	     LISTED_53, "< done", "-", "proof $P advertised", "done 1", "text");
}

/* As with api.ack false: answers have no end. */
static void without_any_ack_nothing_is_known(void **state)
{
	(void)state;
	init_rib("A", "P");
	PLAY("> $summary", "< $heading", "< $A$row", "+2000", "-", "+500",
	     "> $summary", "< $heading", "< $A$row", "+1500", "alive no",
	     "found unknown",
	     "text ExaBGP has never answered (is its api.ack true?)");
}

static void an_answer_after_its_timeout_is_not_another_ones(void **state)
{
	(void)state;
	begin_announced();
	PLAY("+2000", "> $listing", "+2000", "> $summary",
	     /* the listing's, late: it is not the summary's */
	     "< done", "-", "count dropped 1", "< $heading", "< $A$row",
	     "< done", "> $listing", LISTED_53, "< done", "-",
	     "proof $P advertised");
}

static void a_summary_given_up_may_still_be_answered(void **state)
{
	(void)state;
	begin_announced();
	PLAY("+2000", "> $listing", "+2000", "> $summary", "+2000", "-",
	     "< done", "< $heading", "< $A$row", "< done", "> $listing",
	     LISTED_53, "< done", "-");
}

/* A predecessor that was killed had commands in flight; the answers are ours. */
static void a_predecessors_answers_are_not_taken_for_ours(void **state)
{
	(void)state;
	init_rib("A", "P");
	PLAY("> $summary", "< neighbor $A $4 $P next-hop self med 3", "< done",
	     "-", "< done", "< error", "-", "found unknown", "session $A down",
	     "< $heading", "< $A$row", "< done", "> $listing", "session $A up",
	     LISTED_53, "< done", "found 192.0.2.53/32 unknown med 100",
	     "count errors 0", "count dropped 4");
}

static void a_predecessors_summary_is_told_by_its_heading(void **state)
{
	(void)state;
	init_rib("A", "P");
	PLAY("> $summary", "< $heading", "< done", "> $listing",
	     "< $heading", "< $A$row", "< done", "-", LISTED_53, "< done",
	     "found 192.0.2.53/32 unknown med 100");
}

static void an_ack_nobody_waits_for_is_distrusted(void **state)
{
	(void)state;
	begin_announced();
	PLAY("< done", "> $summary", "< $heading", "< $A$row", "< done",
	     "> $listing", LISTED_53, "< done", "-", "proof $P advertised",
	     "count dropped 1");
}

static void nonsense_is_counted_and_changes_nothing(void **state)
{
	(void)state;
	begin_announced();
	PLAY("< nonsense", "< {", "< neighbor x up", "< neighbor",
	     "< neighbor $A $4 $P next-hop self med 666",
	     "< $A$row", "< exabgp 4.2.21", "< ", "count dropped 7", "-",
	     "proof $P advertised", "+2000", "> $listing", "< nonsense",
	     LISTED_53, "< $A$row", "< done", "> $summary", LISTED_53,
	     "< $heading", "< x", "< $A$row", "< done", "-",
	     "proof $P advertised", "count dropped 11", "count resyncs 0");
}

static void done_is_not_believed_without_the_listing(void **state)
{
	(void)state;
	begin_with_nothing();
	PLAY("want $P med 100", "> $listing", "< done", SAID_53, "< done",
	     "> $listing", "< done", "proof $P missing", "count resyncs 1",
	     "text ExaBGP has lost 192.0.2.53 for 198.51.100.1",
	     /* once more at once, then ever later */
	     SAID_53, "< done", "> $listing", "< done", "proof $P missing",
	     "-", "due 1000", "+1000", SAID_53, "< done", "proof $P missing",
	     "> $listing", "< done", "+1000", "> $summary", "< $heading",
	     "< $A$row", "< done", "-", "+1000", "> $listing", "< done",
	     SAID_53, "< done", "> $listing", LISTED_53, "< done",
	     "proof $P advertised", "count resyncs 3", "text");
}

static void a_route_listed_otherwise_is_put_right(void **state)
{
	(void)state;
	begin_announced();
	PLAY("+2000", "> $listing",
	     "< neighbor $A $4 $P next-hop self med 100 local-preference 7",
	     "< done", "proof $P missing", "count resyncs 1", SAID_53, "< done",
	     "> $listing", LISTED_53, "< done", "proof $P advertised");
}

static void a_route_somebody_took_away_is_put_back_at_once(void **state)
{
	(void)state;
	begin_announced();
	PLAY("+2000", "> $listing", "< done", "count resyncs 1",
	     "proof $P missing", SAID_53, "< done", "> $listing", LISTED_53,
	     "< done", "proof $P advertised",
	     /* again, after it has been right */
	     "> $summary", "< $heading", "< $A$row", "< done", "+2000",
	     "> $listing", "< done", SAID_53);
}

static void an_own_prefix_that_is_not_wanted_is_withdrawn(void **state)
{
	(void)state;
	begin_with_nothing();
	PLAY("want nothing", "> $listing", "< done", "-", "done 1", "+2000",
	     "> $listing", LISTED_53, "< done", "proof $P unwanted",
	     "count resyncs 1", GONE_53, "< done", "> $listing", "< done",
	     "proof $P none");
}

static void own_prefixes_at_other_neighbours_are_withdrawn(void **state)
{
	(void)state;
	init_rib("AC", "PR");
	PLAY("> $summary", "< $heading", "< $A$row", "< $C$row", "< done",
	     "> $listing", "< neighbor $X $4 $P next-hop self",
	     "< neighbor $A $6 $R next-hop self", "< done", "-",
	     "want nothing", "> neighbor $A withdraw route $R", "< done",
	     "done 0",
	     "> neighbor $X withdraw route $P", "< error", "done 0",
	     "> $listing", "< neighbor $X $4 $P next-hop self", "< done",
	     "> neighbor $X withdraw route $P", "< done", "done 1",
	     "> $listing", "< done", "-");
}

static void foreign_prefixes_are_left_alone(void **state)
{
	(void)state;
	init_rib("A", "P");
	PLAY("> $summary", "< $heading", "< $A$row", "< done", "> $listing",
	     "< neighbor $A $4 $F next-hop self", LISTED_53,
	     "< neighbor $X $4 $F next-hop self", "< done", "want nothing",
	     GONE_53, "< done", "> $listing",
	     "< neighbor $A $4 $F next-hop self",
	     "< neighbor $X $4 $F next-hop self", "< done", "-", "done 1",
	     "found 192.0.2.53/32 unknown med 100", "count dropped 0");
}

static void a_prefix_that_is_not_own_is_not_announced(void **state)
{
	(void)state;
	begin_with_nothing();
	PLAY("want $P med 100, $F med 1", "> $listing", "< done", SAID_53,
	     "< done", "> $listing", LISTED_53, "< done", "-",
	     "proof $F refused", "proof $P advertised", "done 0");
}

static void without_a_neighbour_of_its_family_nothing_is_proven(void **state)
{
	(void)state;
	init_rib("A", "R");
	PLAY(BEGUN, "want $R med 1", "> $listing", "< done", "-",
	     "proof $R missing");
	init_rib("", "P");
	PLAY("> $summary", "< $heading", "< done", "> $listing", "< done",
	     "want $P med 1", "text this node has no neighbor");
}

/* ---- sessions */

static void a_session_down_is_told_and_its_return_is_checked(void **state)
{
	(void)state;
	begin_announced();
	PLAY("+1000", "< neighbor $A down - peer reset", "session $A down",
	     "proof $P session down", "count events 1", "> $listing",
	     LISTED_53, "< done", "> $summary", "< $heading", "< done",
	     "proof $P session down",
	     /* a session that is down has nothing in ExaBGP */
	     GONE_53, "< done", "> $listing", "< done", "-",
	     "proof $P session down", "done 1", "+200",
	     "< neighbor $A connected", "-", "session $A down",
	     "< neighbor $A up", "session $A up", "proof $P pending",
	     "> $listing", "< done", "> $summary", "< $heading", "< $A$row",
	     "< done", SAID_53, "< done", "> $listing", LISTED_53, "< done",
	     "-", "proof $P advertised", "count events 3", "count resyncs 0");
	CHECK_STR("peer reset", status.sessions[0].reason, "reason");
	CHECK_EQ(now_ms, status.sessions[0].since_ms, "since");
}

static void events_of_both_encoders_are_heard(void **state)
{
	(void)state;
	begin_with_nothing();
	PLAY("< { \"neighbor\": { \"address\": { \"peer\": \"$A\" }, "
	     "\"state\": \"down\", \"reason\": \"x\" } }", "session $A down",
	     "< { \"neighbor\": { \"address\": { \"peer\": \"$A\" }, "
	     "\"state\": \"up\" } }", "session $A up", "count events 2");
}

/* Without neighbor-changes in its api nothing is told. */
static void sessions_are_seen_without_events(void **state)
{
	(void)state;
	begin_announced();
	PLAY("+2000", "> $listing", LISTED_53, "< done", "> $summary",
	     "< $heading", "< $A$idle", "< done", "session $A down",
	     "proof $P session down", GONE_53, "< done", "> $listing",
	     "< done", "-", "due 250", "+250", "> $summary", "< $heading",
	     "< done", "-", "due 250", "+250", "> $summary", "< $heading",
	     "< $A$row", "< done", "session $A up", SAID_53, "< done",
	     "> $listing", LISTED_53, "< done", "proof $P advertised", "-",
	     "due 2000");
}

/* ExaBGP would send what it is told while a session begins in an order of its
 * own.
 */
static void nothing_is_announced_to_who_is_not_there(void **state)
{
	(void)state;
	init_rib("AB", "P");
	PLAY("> $summary", "< $heading", "< $B$row", "< done", "> $listing",
	     "< done", "want $P med 100", "> $listing", "< done",
	     "> neighbor $B announce route $P next-hop self med 100",
	     "< done", "> $listing",
	     "< neighbor $B $4 $P next-hop self med 100", "< done", "-",
	     "done 1", "proof $P session down", "want $P med 500",
	     "> neighbor $B announce route $P next-hop self med 500",
	     "< done", "> $listing",
	     "< neighbor $B $4 $P next-hop self med 500", "< done", "-",
	     /* who is waited for is asked for more often */
	     "due 250", "+250", "> $summary", "< $heading", "< $B$row",
	     "< $A$row", "< done",
	     "> neighbor $A announce route $P next-hop self med 500");
}

static void withdrawals_are_said_again_to_who_comes(void **state)
{
	(void)state;
	init_rib("AB", "PQ");
	PLAY("> $summary", "< $heading", "< $B$row", "< done", "> $listing",
	     "< done", "want $Q med 7", "> $listing", "< done",
	     "> neighbor $B announce route $Q next-hop self med 7", "< done",
	     "> $listing", "< neighbor $B $4 $Q next-hop self med 7", "< done",
	     "-", "+250", "> $summary", "< $heading", "< $A$row", "< $B$row",
	     "< done", GONE_53, "< done",
	     "> neighbor $A announce route $Q next-hop self med 7", "< done",
	     "> $listing", "< neighbor $A $4 $Q next-hop self med 7",
	     "< neighbor $B $4 $Q next-hop self med 7", "< done", "-",
	     "proof $P none", "proof $Q advertised");
}

/* One router may write them, and another have its routes by them. */
static void events_move_nothing(void **state)
{
	(void)state;
	begin_announced();
	PLAY("< neighbor $A down - x", "session $A down", "-", "+50",
	     "> $listing", LISTED_53, "< done", "> $summary", "< $heading",
	     "< $A$row", "< neighbor $A down - x", "< done", "session $A down",
	     "-", "+2000", "> $listing", LISTED_53, "< done", "> $summary",
	     "< $heading", "< $A$row", "< done", "session $A up", "+50",
	     "> $listing", LISTED_53, "< done", "-", "proof $P advertised",
	     "count resyncs 0");
}

static void an_event_amid_the_summary_is_not_undone_by_it(void **state)
{
	(void)state;
	begin_announced();
	PLAY("+2000", "> $listing", LISTED_53, "< done", "> $summary",
	     "< $heading", "< $A$row", "< neighbor $A down - x", "< done",
	     "session $A down", "+50", "> $listing", LISTED_53, "< done",
	     /* what it said since is asked for, too */
	     "> $summary", "< $heading", "< neighbor $A up", "< done",
	     "session $A up");
}

static void a_flood_of_events_is_no_flood_of_commands(void **state)
{
	(void)state;
	begin_announced();
	for (int i = 0; i < 100000; i++)
		PLAY(i & 1 ? "< neighbor $A up" : "< neighbor $A down - x");
	PLAY("count events 100000", "session $A up", "-", "due 50", "+50",
	     "> $listing", LISTED_53, "< done", "> $summary", "< $heading",
	     "< $A$row", "< done", "-", "proof $P advertised");
}

static void a_routers_words_are_cleaned_and_cut(void **state)
{
	char line[1024] = "neighbor 198.51.100.1 down - a\tb\x7f" "\xc3\xa4";

	(void)state;
	begin_with_nothing();
	rib_line(&rib, slice_str(line), now_ms);
	PLAY("session $A down");
	CHECK_STR("a?b???", status.sessions[0].reason, "cleaned");
	for (int i = 0; i < 500; i++)
		append(line, sizeof(line), "x");
	rib_line(&rib, slice_str(line), now_ms);
	PLAY("session $A down");
	CHECK_EQ(LINK_TEXT_MAX - 1, strlen(status.sessions[0].reason), "cut");
}

/* ---- time */

static void a_long_listing_is_asked_for_seldom(void **state)
{
	(void)state;
	begin_announced();
	PLAY("+2000", "> $listing");
	for (int i = 0; i < 50; i++)
		PLAY("+100", "< neighbor $A $4 $F next-hop self", "-");
	PLAY(LISTED_53, "< done", "alive yes", "count timeouts 0",
	     "> $summary", "< $heading", "< $A$row", "< done", "-", "due 2000",
	     "+2000", "> $summary", "< $heading", "< $A$row", "< done", "-",
	     "+48000", "> $listing");
}

static void a_pause_of_our_own_is_no_timeout_of_exabgp(void **state)
{
	(void)state;
	begin_announced();
	PLAY("+2000", "> $listing", "+100", "paused 600000", "alive yes", "-",
	     "count timeouts 0", LISTED_53, "< done", "> $summary");
}

static void an_unwritten_command_was_none(void **state)
{
	(void)state;
	begin_announced();
	PLAY("want nothing", GONE_53, "unsent", "count commands 5",
	     /* the freshest decision when there is room */
	     "+60000", "alive no", "want $P med 100", "> $listing", "unsent",
	     "count commands 5", "> $listing", LISTED_53, "< done",
	     "alive yes");
}

static void it_is_alive_as_long_as_it_answers(void **state)
{
	(void)state;
	begin_announced();
	PLAY("alive yes", "+2000", "alive yes", "> $listing", "+1999",
	     "alive yes", LISTED_53, "+2000", "alive yes", "< done",
	     "alive yes", "+3999", "alive yes", "+1", "alive no");
}

static void after_shutdown_nothing_is_said(void **state)
{
	(void)state;
	begin_announced();
	PLAY("< shutdown 57 1", "want nothing", "-", "+60000", "-",
	     "text ExaBGP is shutting down");
}

/* ExaBGP 4.2 puts a NOTIFICATION's data into its events as it came, LFs and
 * all.
 */
static void a_router_cannot_say_shutdown(void **state)
{
	(void)state;
	begin_announced();
	PLAY("< neighbor $A down - peer reset, message [x] error[Cease / y / ",
	     "< shutdown 56 57", "< shutdown 1 57", "< shutdown", "< ]",
	     "< { \"pid\": 56, \"notification\": \"shutdown\" }",
	     "< { \"notification\": \"shutdown\" }", "text",
	     "want nothing", GONE_53, "< done", "done 2", "count dropped 6");
}

static void changes_are_told_once(void **state)
{
	(void)state;
	init_rib("A", "P");
	assert_true(rib_status(&rib, &status, now_ms));
	assert_false(rib_status(&rib, &status, now_ms));
	PLAY("> $summary", "< $heading");
	assert_false(rib_status(&rib, &status, now_ms));
	rib_line(&rib, slice_str(expand("$A$row")), now_ms);
	rib_line(&rib, slice_str("done"), now_ms);
	assert_true(rib_status(&rib, &status, now_ms));
	assert_false(rib_status(&rib, &status, now_ms));
	assert_true(rib_status(&rib, &status, now_ms + 60000));
	assert_string_equal(status.output_text, "ExaBGP does not answer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_changed_before_the_first_want),
		cmocka_unit_test(a_route_is_announced_changed_and_withdrawn),
		cmocka_unit_test(the_same_want_again_says_nothing),
		cmocka_unit_test(what_is_there_already_is_adopted),
		cmocka_unit_test(what_is_there_otherwise_is_changed_without_a_gap),
		cmocka_unit_test(a_first_want_of_nothing_withdraws_at_once),
		cmocka_unit_test(nothing_wanted_goes_before_asking),
		cmocka_unit_test(withdrawals_go_first),
		cmocka_unit_test(each_family_has_its_sessions),
		cmocka_unit_test(a_neighbour_of_our_own_AS_gets_no_path),
		cmocka_unit_test(only_the_state_is_not_told),
		cmocka_unit_test(an_outdated_announcement_is_followed_by_the_new_one),
		cmocka_unit_test(there_and_back_while_in_flight_is_said_again),
		cmocka_unit_test(errors_are_counted_and_tried_again_ever_later),
		cmocka_unit_test(a_new_want_is_tried_at_once),
		cmocka_unit_test(a_refused_withdrawal_stays_unwanted),
		cmocka_unit_test(no_answer_is_a_timeout_and_a_new_beginning),
		cmocka_unit_test(without_any_ack_nothing_is_known),
		cmocka_unit_test(an_answer_after_its_timeout_is_not_another_ones),
		cmocka_unit_test(a_summary_given_up_may_still_be_answered),
		cmocka_unit_test(a_predecessors_answers_are_not_taken_for_ours),
		cmocka_unit_test(a_predecessors_summary_is_told_by_its_heading),
		cmocka_unit_test(an_ack_nobody_waits_for_is_distrusted),
		cmocka_unit_test(nonsense_is_counted_and_changes_nothing),
		cmocka_unit_test(done_is_not_believed_without_the_listing),
		cmocka_unit_test(a_route_listed_otherwise_is_put_right),
		cmocka_unit_test(a_route_somebody_took_away_is_put_back_at_once),
		cmocka_unit_test(an_own_prefix_that_is_not_wanted_is_withdrawn),
		cmocka_unit_test(own_prefixes_at_other_neighbours_are_withdrawn),
		cmocka_unit_test(foreign_prefixes_are_left_alone),
		cmocka_unit_test(a_prefix_that_is_not_own_is_not_announced),
		cmocka_unit_test(without_a_neighbour_of_its_family_nothing_is_proven),
		cmocka_unit_test(a_session_down_is_told_and_its_return_is_checked),
		cmocka_unit_test(events_of_both_encoders_are_heard),
		cmocka_unit_test(sessions_are_seen_without_events),
		cmocka_unit_test(nothing_is_announced_to_who_is_not_there),
		cmocka_unit_test(withdrawals_are_said_again_to_who_comes),
		cmocka_unit_test(events_move_nothing),
		cmocka_unit_test(an_event_amid_the_summary_is_not_undone_by_it),
		cmocka_unit_test(a_flood_of_events_is_no_flood_of_commands),
		cmocka_unit_test(a_routers_words_are_cleaned_and_cut),
		cmocka_unit_test(a_long_listing_is_asked_for_seldom),
		cmocka_unit_test(a_pause_of_our_own_is_no_timeout_of_exabgp),
		cmocka_unit_test(an_unwritten_command_was_none),
		cmocka_unit_test(it_is_alive_as_long_as_it_answers),
		cmocka_unit_test(after_shutdown_nothing_is_said),
		cmocka_unit_test(a_router_cannot_say_shutdown),
		cmocka_unit_test(changes_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
