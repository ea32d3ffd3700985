/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lives through an exec of the program anew, and what must not. */
#include "health-agent/kernel/test/bed.h"

#include <fcntl.h>

static void a_restart_in_place_keeps_them(void **state)
{
	struct output *o = begin(), *next;
	int fd = o->tun;

	(void)state;
	wish(o, NODE_DRAINING, NODE_UP);
	output_kernel.keep(o, true);
	assert_int_equal(0, fcntl(fd, F_GETFD) & FD_CLOEXEC);
	output_kernel.keep(o, false); /* the exec failed */
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_null(getenv(KERNEL_KEPT_DEVICE));
	output_kernel.keep(o, true);

	/* the memory of the old image is gone, the descriptor is not */
	o->tun = -1;
	output_kernel.free(o);
	assert_string_equal(P_ROUTE("10") Q_ROUTE("1"), routes());
	next = begin();
	assert_int_equal(fd, next->tun);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_null(getenv(KERNEL_KEPT_DEVICE));
	assert_int_equal(2, status.found.cnt);
	assert_int_equal(NODE_DRAINING, status.found.routes[0].state);
	assert_int_equal(NODE_UP, status.found.routes[1].state);
	assert_string_equal(P_ROUTE("10") Q_ROUTE("1"), routes());

	/* the same is wanted: nothing is touched */
	wish(next, NODE_DRAINING, NODE_UP);
	assert_int_equal(0, status.commands);
	assert_int_equal(generation, status.generation);
	end(next);
}

/* Somebody sets the device down while there is nobody to hear of it. */
static void a_kept_device_may_be_down(void **state)
{
	struct output *o = begin(), *next;

	(void)state;
	wish(o, NODE_UP, NODE_UP);
	output_kernel.keep(o, true);
	o->tun = -1;
	output_kernel.free(o);
	run("ip link set anycast0 down");
	next = begin();
	assert_int_equal(0, status.found.cnt);
	wish(next, NODE_UP, NODE_UP);	/* refused, set up, and done */
	assert_true(both_are_advertised());
	assert_string_equal(P_ROUTE("1") Q_ROUTE("1"), routes());
	end(next);
}

static void a_kept_descriptor_may_be_anything(void **state)
{
	static const char *const texts[] = {
		"", "x", "-1", "99999", "0x5", "4294967296", "1", "1,200",
		"1,", ",200", "99999,200", "1,200,", "1,4294967296",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		setenv(KERNEL_KEPT_DEVICE, texts[i], 1);
		end(begin());
		assert_null(getenv(KERNEL_KEPT_DEVICE));
	}
}

/* What the next image finds, and is not to have. */
static int keep_for_another(void)
{
	struct output *o = begin();
	int fd = o->tun;

	wish(o, NODE_UP, NODE_UP);
	output_kernel.keep(o, true);
	o->tun = -1;
	output_kernel.free(o);
	assert_true(has_device());
	return fd;
}

static void a_kept_device_of_another_name_goes(void **state)
{
	struct output *o;

	(void)state;
	keep_for_another();
	snprintf(conf.kernel_device, sizeof(conf.kernel_device), "anycast7");
	o = begin();
	assert_false(has_device());
	assert_string_equal("", routes());
	assert_int_equal(0, status.found.cnt);
	end(o);
	snprintf(conf.kernel_device, sizeof(conf.kernel_device), "anycast0");

	/* somebody has renamed it */
	keep_for_another();
	run("ip link set anycast0 down");
	run("ip link set anycast0 name anycast7 up");
	end(begin());
	run("! ip link show anycast7 2>/dev/null");
}

static void a_kept_device_of_another_table_goes(void **state)
{
	struct output *o;

	(void)state;
	keep_for_another();
	conf.kernel_table = 201;
	o = begin();
	assert_string_equal("", routes());
	wish(o, NODE_UP, NODE_UP);
	assert_true(both_are_advertised());
	end(o);
	conf.kernel_table = 200;
}

static void a_kept_device_of_another_output_goes(void **state)
{
	int fd = keep_for_another();

	(void)state;
	output_kernel.forget();
	assert_false(has_device());
	assert_string_equal("", routes());
	assert_int_equal(-1, fcntl(fd, F_GETFD));
	assert_null(getenv(KERNEL_KEPT_DEVICE));
	output_kernel.forget();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restart_in_place_keeps_them),
		cmocka_unit_test(a_kept_device_may_be_down),
		cmocka_unit_test(a_kept_descriptor_may_be_anything),
		cmocka_unit_test(a_kept_device_of_another_name_goes),
		cmocka_unit_test(a_kept_device_of_another_table_goes),
		cmocka_unit_test(a_kept_device_of_another_output_goes),
	};

	if (bed_cannot())
		return 4;
	return cmocka_run_group_tests(tests, own_network, NULL);
}
