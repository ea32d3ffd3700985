/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The block in shared memory.  Its only pointers, site.nodes and by_name, are
 * set to the private copy's own arrays when a worker copies it.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "common/clock.h"
#include "kamailio-module/anycast_site.h"

struct block
{
	size_t size;
	struct site site;
	uint32_t self;
	uint32_t site_version;
	struct site_node nodes[];
	/* then by_name, node_cnt numbers of uint16_t,
	 * then node_cnt bytes of enum node_state */
};

struct shared
{
	gen_lock_t lock;
	_Atomic uint32_t version; /* of the block or of the states */
	_Atomic uint32_t verdict; /* enum states_verdict */
	struct block *block;
};

static struct shared *_shared;
static const char *_path;
static const char *_node;
static const char *_state_path;

/* private to each process */
static struct block *_mine;
static uint32_t _mine_version;
static struct anycast_view _view;

static uint16_t *block_by_name(struct block *b)
{
	return (uint16_t *)&b->nodes[b->site.node_cnt];
}

static uint8_t *block_states(struct block *b)
{
	return (uint8_t *)(block_by_name(b) + b->site.node_cnt);
}

static size_t block_size(const struct site *site)
{
	return sizeof(struct block)
		   + site->node_cnt
					 * (sizeof(struct site_node) + sizeof(uint16_t) + 1);
}

/* A state file that can't be read is as good as none, but is said once. */
static enum states_verdict judge_file(
		uint8_t *states, const struct site *site, uint32_t self)
{
	static int said;
	struct nodestate file = {0};
	enum states_verdict verdict;
	int err = _state_path[0] ? nodestate_read(&file, _state_path) : ENOENT;

	if(err && err != ENOENT && err != said)
		LM_WARN("state file %s: %s (treated as missing, serving on)\n",
				_state_path, strerror(err));
	said = err;
	verdict = states_judge(
			states, site, self, err ? NULL : &file, clock_boot_ms());
	nodestate_fini(&file);
	return verdict;
}

static struct block *block_new(const struct site *site, uint32_t version)
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
	b->site_version = version;
	memcpy(b->nodes, site->nodes, site->node_cnt * sizeof(site->nodes[0]));
	memcpy(block_by_name(b), site->by_name,
			site->node_cnt * sizeof(site->by_name[0]));
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
	_shared->block = block_new(site, 1);
	atomic_store(&_shared->version, 1);
	site_free(site);
	return _shared->block ? 0 : -1;
}

void anycast_site_destroy(void)
{
	if(_shared == NULL)
		return;
	if(_shared->block)
		shm_free(_shared->block);
	lock_destroy(&_shared->lock);
	shm_free(_shared);
	_shared = NULL;
}

/* Copy the shared block; memory comes from malloc, not from pkg, because a
 * large site is larger than what pkg is meant for.
 */
static struct block *block_copy(uint32_t *version)
{
	struct block *copy = NULL;

	lock_get(&_shared->lock);
	copy = malloc(_shared->block->size);
	if(copy) {
		memcpy(copy, _shared->block, _shared->block->size);
		*version = atomic_load(&_shared->version);
	}
	lock_release(&_shared->lock);
	if(copy) {
		copy->site.nodes = copy->nodes;
		copy->site.by_name = block_by_name(copy);
	}
	return copy;
}

static void refresh(void)
{
	struct block *copy;
	struct nodes *nodes;
	uint32_t version;

	copy = block_copy(&version);
	if(copy == NULL) {
		LM_ERR("no memory for the site (the old one stays)\n");
		return;
	}
	if(nodes_new(&nodes, &copy->site,
			   slice_str(copy->nodes[copy->self].name))) {
		LM_ERR("no memory for the node table (the old one stays)\n");
		free(copy);
		return;
	}
	nodes_set_states(nodes, block_states(copy), copy->site.node_cnt);
	nodes_free(_view.nodes);
	free(_mine);
	_mine = copy;
	_mine_version = version;
	_view = (struct anycast_view){
			.site = &copy->site,
			.nodes = nodes,
			.site_version = copy->site_version,
	};
}

const struct anycast_view *anycast_site_view(void)
{
	uint32_t version =
			atomic_load_explicit(&_shared->version, memory_order_acquire);

	if(version != _mine_version)
		refresh();
	return _view.nodes ? &_view : NULL;
}

void anycast_site_poll(void)
{
	const struct anycast_view *view = anycast_site_view();
	enum states_verdict verdict;
	uint8_t *states;
	struct block *b;

	if(view == NULL)
		return;
	states = malloc(view->site->node_cnt);
	if(states == NULL)
		return;
	verdict = judge_file(states, view->site, nodes_self(view->nodes));
	atomic_store(&_shared->verdict, verdict);

	lock_get(&_shared->lock);
	b = _shared->block;
	/* a reload in between brings its own states */
	if(b->site_version == view->site_version
			&& memcmp(block_states(b), states, b->site.node_cnt)) {
		if(block_states(b)[b->self] != states[b->self])
			LM_NOTICE("node %s: %s (state file: %s)\n", _node,
					node_state_name(states[b->self]),
					states_verdict_name(verdict));
		memcpy(block_states(b), states, b->site.node_cnt);
		atomic_fetch_add(&_shared->version, 1);
	}
	lock_release(&_shared->lock);
	free(states);
}

int anycast_site_reload(site_error_h *report, void *arg)
{
	struct block *fresh, *old;
	struct site *site;
	int err = read_site(&site, report, arg);

	if(err)
		return err;
	fresh = block_new(site, 0);
	site_free(site);
	if(fresh == NULL) {
		report(arg, "no shared memory for the new site");
		return ENOMEM;
	}
	lock_get(&_shared->lock);
	old = _shared->block;
	fresh->site_version = old->site_version + 1;
	_shared->block = fresh;
	atomic_fetch_add(&_shared->version, 1);
	lock_release(&_shared->lock);
	shm_free(old);
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
