-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- location.sql - where a node keeps its registrations (docs/registrations.md)
--
-- One database per node, on the node itself, as its Kamailio starts with
-- WITH_POSTGRES.  Made once, by the user Kamailio runs as, who owns the tables:
--
--   sudo -u postgres createuser sip-anycast
--   sudo -u postgres createdb -O sip-anycast sip-anycast
--   sudo -u sip-anycast psql -f location.sql sip-anycast
--
-- The columns are those Kamailio's module usrloc asks for.  Texts have no limit
-- of their own: what a phone may say is limited where it says it, and a row that
-- does not fit would be tried again and again.

BEGIN;

CREATE TABLE location (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	-- Kamailio's own name of a binding, the same on all nodes
	ruid          text NOT NULL UNIQUE,
	username      text NOT NULL,
	domain        text,
	contact       text NOT NULL,
	received      text,
	-- the node to call it through, and the token that node knows it by
	path          text,
	expires       timestamp without time zone NOT NULL,
	q             real NOT NULL DEFAULT 1.0,
	callid        text NOT NULL,
	cseq          integer NOT NULL,
	last_modified timestamp without time zone NOT NULL,
	flags         integer NOT NULL DEFAULT 0,
	cflags        integer NOT NULL DEFAULT 0,
	user_agent    text NOT NULL DEFAULT '',
	socket        text,
	methods       integer,
	instance      text,
	reg_id        integer NOT NULL DEFAULT 0,
	server_id     integer NOT NULL DEFAULT 0,
	connection_id integer NOT NULL DEFAULT 0,
	keepalive     integer NOT NULL DEFAULT 0,
	partition     integer NOT NULL DEFAULT 0
);

CREATE INDEX location_binding ON location (username, domain, contact);
CREATE INDEX location_expires ON location (expires);

COMMIT;
