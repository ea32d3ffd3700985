/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The block in shared memory.  Its only pointers, site.nodes and by_name, are
 * set to the private copy's own arrays when a worker copies it.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "common/clock.h"
#include "kamailio-module/anycast_site.h"

enum
{
	PREVIOUS_KEEP_MS = 600000,
	/* dmq pings each 15 s (ping_interval in kamailio.cfg) */
	HEARD_MS = 20000,
};

struct block
{
	size_t size;
	struct site site;
	uint64_t previous_until_ms; /* 0: as long as the site file has it */
	uint32_t self;
	struct site_node nodes[];
	/* then node_cnt numbers of uint64_t: when a node that is down was heard
	 * since it is, CLOCK_BOOTTIME in ms, 0: not at all,
	 * then by_name, node_cnt numbers of uint16_t,
	 * then node_cnt bytes of enum node_state */
};

struct shared
{
	gen_lock_t lock;
	_Atomic uint32_t site_version;
	_Atomic uint32_t states_version;
	_Atomic uint32_t verdict; /* enum states_verdict */
	struct block *block;
};

static struct shared *_shared;
static const char *_path;
static const char *_node;
static const char *_state_path;

/* private to each process */
static struct block *_mine;
static uint32_t _mine_states_version;
static struct anycast_view _view;

_Static_assert(_Alignof(struct site_node) >= _Alignof(uint64_t),
		"what follows the nodes is aligned");

static uint64_t *block_heard(struct block *b)
{
	return (uint64_t *)&b->nodes[b->site.node_cnt];
}

static uint16_t *block_by_name(struct block *b)
{
	return (uint16_t *)(block_heard(b) + b->site.node_cnt);
}

static uint8_t *block_states(struct block *b)
{
	return (uint8_t *)(block_by_name(b) + b->site.node_cnt);
}

static size_t block_size(const struct site *site)
{
	return sizeof(struct block)
		   + site->node_cnt
					 * (sizeof(struct site_node) + sizeof(uint64_t)
							 + sizeof(uint16_t) + 1);
}

static void block_free(struct block *b, void (*release)(void *))
{
	if(b == NULL)
		return;
	secret_fini(&b->site.keys);
	secret_fini(&b->site.previous_keys);
	release(b);
}

static void release_shm(void *p)
{
	shm_free(p);
}

/* What the state file says now.  One that is there and can't be read says
 * nothing new: states is left alone, and it is logged once.
 */
static enum states_verdict judge_file(
		uint8_t *states, const struct site *site, uint32_t self)
{
	static int said;
	struct nodestate file = {0};
	enum states_verdict verdict;
	int err = _state_path[0] ? nodestate_read(&file, _state_path) : ENOENT;

	if(err && err != ENOENT) {
		if(err != said)
			LM_ERR("state file %s: %s (the states known so far stay)\n",
					_state_path, strerror(err));
		said = err;
		return STATES_UNREADABLE;
	}
	said = 0;
	verdict = states_judge(
			states, site, self, err ? NULL : &file, clock_boot_ms());
	nodestate_fini(&file);
	return verdict;
}

/* The states of old, by the names of its nodes; up where a node is new. */
static void inherit_states(struct block *b, const struct site *site,
		const struct anycast_view *old)
{
	for(size_t i = 0; i < site->node_cnt; i++) {
		const struct site_node *was =
				old ? site_find_node(
						old->site, slice_str(site->nodes[i].name))
					: NULL;

		block_states(b)[i] =
				was ? (uint8_t)nodes_state(old->nodes,
						(uint32_t)(was - old->site->nodes))
					: NODE_UP;
	}
}

/* A previous-secret that has left the site file is still read for a while: the
 * nodes read the new file one after another, and who has not yet writes with
 * the old one.
 */
static void inherit_previous(struct block *b, const struct anycast_view *old)
{
	if(b->site.has_previous || old == NULL || !old->site->has_previous)
		return;
	b->site.has_previous = true;
	b->site.previous_is_over = true;
	b->site.previous_keys = old->site->previous_keys;
	b->previous_until_ms = old->site->previous_is_over
								   ? _mine->previous_until_ms
								   : clock_boot_ms() + PREVIOUS_KEEP_MS;
}

static struct block *block_new(
		const struct site *site, const struct anycast_view *old)
{
	const struct site_node *me = site_find_node(site, slice_str(_node));
	size_t size = block_size(site);
	struct block *b;

	b = shm_malloc(size);
	if(b == NULL) {
		SHM_MEM_ERROR_FMT("site with %zu nodes: %zu bytes\n",
				site->node_cnt, size);
		return NULL;
	}
	memset(b, 0, sizeof(*b));
	b->size = size;
	b->site = *site;
	b->site.nodes = NULL;
	b->site.by_name = NULL;
	b->self = (uint32_t)(me - site->nodes);
	memcpy(b->nodes, site->nodes, site->node_cnt * sizeof(site->nodes[0]));
	memset(block_heard(b), 0, site->node_cnt * sizeof(uint64_t));
	memcpy(block_by_name(b), site->by_name,
			site->node_cnt * sizeof(site->by_name[0]));
	inherit_previous(b, old);
	inherit_states(b, site, old);
	atomic_store(
			&_shared->verdict, judge_file(block_states(b), site, b->self));
	return b;
}

static void log_error(void *arg, const char *line)
{
	LM_ERR("%s\n", line);
}

/* A site that has this node; errors go to report. */
static int read_site(struct site **out, site_error_h *report, void *arg)
{
	char line[256];
	int err = site_read(out, _path, report, arg);

	if(err)
		return err;
	if(site_find_node(*out, slice_str(_node)))
		return 0;
	snprintf(line, sizeof(line), "%s: there is no [node %s] (this node)",
			_path, _node);
	report(arg, line);
	site_free(*out);
	*out = NULL;
	return ENOENT;
}

int anycast_site_init(
		const char *path, const char *node, const char *state_path)
{
	struct site *site;

	_path = path;
	_node = node;
	_state_path = state_path;
	_shared = shm_malloc(sizeof(*_shared));
	if(_shared == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memset(_shared, 0, sizeof(*_shared));
	if(lock_init(&_shared->lock) == NULL) {
		LM_ERR("cannot make the site's lock\n");
		return -1;
	}
	if(read_site(&site, log_error, NULL))
		return -1;
	_shared->block = block_new(site, NULL);
	atomic_store(&_shared->site_version, 1);
	site_free(site);
	return _shared->block ? 0 : -1;
}

void anycast_site_destroy(void)
{
	if(_shared == NULL)
		return;
	block_free(_shared->block, release_shm);
	lock_destroy(&_shared->lock);
	shm_free(_shared);
	_shared = NULL;
}

/* Copy the shared block; memory comes from malloc, not from pkg, because a
 * large site is larger than what pkg is meant for, and before the lock.
 */
static struct block *block_copy(uint32_t *site_version,
		uint32_t *states_version)
{
	struct block *copy = NULL;
	size_t size;
	bool done = false;

	while(!done) {
		lock_get(&_shared->lock);
		size = _shared->block->size;
		lock_release(&_shared->lock);
		free(copy);
		copy = malloc(size);
		if(copy == NULL)
			return NULL;
		lock_get(&_shared->lock);
		done = _shared->block->size == size; /* else reloaded meanwhile */
		if(done) {
			memcpy(copy, _shared->block, size);
			*site_version = atomic_load(&_shared->site_version);
			*states_version = atomic_load(&_shared->states_version);
		}
		lock_release(&_shared->lock);
	}
	copy->site.nodes = copy->nodes;
	copy->site.by_name = block_by_name(copy);
	return copy;
}

/* Under the lock.  True: the readers have to look. */
static bool drop_previous(struct block *b)
{
	if(!b->previous_until_ms || clock_boot_ms() < b->previous_until_ms)
		return false;
	secret_fini(&b->site.previous_keys);
	b->site.has_previous = false;
	b->site.previous_is_over = false;
	b->previous_until_ms = 0;
	return true;
}

/* Said once a failure, not once a message. */
static void complain_of_memory(bool failed)
{
	static bool said;

	if(failed && !said)
		LM_ERR("no memory for the site (the old one stays)\n");
	said = failed;
}

static void refresh_site(void)
{
	struct nodes *nodes = NULL;
	uint32_t site_version, states_version;
	struct block *copy = block_copy(&site_version, &states_version);

	if(copy == NULL
			|| nodes_new(&nodes, &copy->site,
					slice_str(copy->nodes[copy->self].name))) {
		complain_of_memory(true);
		block_free(copy, free);
		return;
	}
	complain_of_memory(false);
	nodes_set_states(nodes, block_states(copy), copy->site.node_cnt);
	nodes_free(_view.nodes);
	block_free(_mine, free);
	_mine = copy;
	_mine_states_version = states_version;
	_view = (struct anycast_view){
			.site = &copy->site,
			.nodes = nodes,
			.site_version = site_version,
	};
}

/* The states alone, which change more often than the site. */
static void refresh_states(void)
{
	bool same;

	lock_get(&_shared->lock);
	same = atomic_load(&_shared->site_version) == _view.site_version;
	if(same) {
		memcpy(block_states(_mine), block_states(_shared->block),
				_mine->site.node_cnt);
		_mine_states_version = atomic_load(&_shared->states_version);
	}
	lock_release(&_shared->lock);
	if(same)
		nodes_set_states(
				_view.nodes, block_states(_mine), _mine->site.node_cnt);
}

const struct anycast_view *anycast_site_view(void)
{
	if(atomic_load_explicit(&_shared->site_version, memory_order_acquire)
			!= _view.site_version)
		refresh_site();
	else if(atomic_load_explicit(
					&_shared->states_version, memory_order_acquire)
			!= _mine_states_version)
		refresh_states();
	return _view.nodes ? &_view : NULL;
}

/* Under the lock: the new states; what was heard before a node went down does
 * not speak for it.
 */
static void put_states(struct block *b, const uint8_t *states)
{
	for(size_t i = 0; i < b->site.node_cnt; i++)
		if(states[i] == NODE_DOWN && block_states(b)[i] != NODE_DOWN)
			block_heard(b)[i] = 0;
	memcpy(block_states(b), states, b->site.node_cnt);
}

void anycast_site_heard(uint32_t node)
{
	lock_get(&_shared->lock);
	/* a reload in between may have moved it */
	if(atomic_load(&_shared->site_version) == _view.site_version
			&& node < _shared->block->site.node_cnt)
		block_heard(_shared->block)[node] = clock_boot_ms();
	lock_release(&_shared->lock);
}

bool anycast_site_was_heard(uint32_t node)
{
	uint64_t at = 0;

	lock_get(&_shared->lock);
	if(atomic_load(&_shared->site_version) == _view.site_version
			&& node < _shared->block->site.node_cnt)
		at = block_heard(_shared->block)[node];
	lock_release(&_shared->lock);
	return at && clock_boot_ms() - at <= HEARD_MS;
}

void anycast_site_poll(void)
{
	const struct anycast_view *view = anycast_site_view();
	enum states_verdict verdict;
	uint8_t *states, before = NODE_UNKNOWN;
	bool changed;
	uint32_t self;
	struct block *b;

	if(view == NULL)
		return;
	states = malloc(view->site->node_cnt);
	if(states == NULL)
		return;
	self = nodes_self(view->nodes);
	memcpy(states, block_states(_mine), view->site->node_cnt);
	verdict = judge_file(states, view->site, self);
	atomic_store(&_shared->verdict, verdict);

	lock_get(&_shared->lock);
	b = _shared->block;
	/* a reload in between brings its own states */
	changed = atomic_load(&_shared->site_version) == view->site_version
			  && memcmp(block_states(b), states, b->site.node_cnt);
	if(drop_previous(b))
		atomic_fetch_add(&_shared->site_version, 1);
	if(changed) {
		before = block_states(b)[self];
		put_states(b, states);
		atomic_fetch_add(&_shared->states_version, 1);
	}
	lock_release(&_shared->lock);
	if(changed && before != states[self])
		LM_NOTICE("node %s: %s, was %s (state file: %s)\n", _node,
				node_state_name(states[self]),
				node_state_name((enum node_state)before),
				states_verdict_name(verdict));
	free(states);
}

int anycast_site_reload(site_error_h *report, void *arg)
{
	struct block *fresh, *old;
	struct site *site;
	int err = read_site(&site, report, arg);

	if(err)
		return err;
	fresh = block_new(site, anycast_site_view());
	site_free(site);
	if(fresh == NULL) {
		report(arg, "no shared memory for the new site");
		return ENOMEM;
	}
	lock_get(&_shared->lock);
	old = _shared->block;
	_shared->block = fresh;
	atomic_fetch_add(&_shared->site_version, 1);
	lock_release(&_shared->lock);
	block_free(old, release_shm);
	return 0;
}

enum states_verdict anycast_site_state_verdict(void)
{
	return (enum states_verdict)atomic_load(&_shared->verdict);
}

const char *anycast_site_node(void)
{
	return _node;
}
