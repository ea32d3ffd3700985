# SPDX-License-Identifier: GPL-2.0-or-later
# Kamailio, the host of anycast.so: its headers, its flags, and the promise
# that both belong to the Kamailio installed here.
#
# A module is bound to the exact build of its host: structures change their
# layout with the defines Kamailio was compiled with, and only some of these
# show in the string it compares when it loads a module.  So the headers and
# the whole list of defines come from the installed version's own source
# package (scripts/setup puts them into a cache), and what the module would
# carry is compared here, when the build is configured, to `kamailio -v`.
#
#   KAMAILIO_SOURCE   folder with source/, defines and options, as scripts/setup
#                     leaves it; default: the installed version in the cache
#                     ($SIP_ANYCAST_CACHE or /var/cache/sip-anycast)
#   KAMAILIO_BINARY   the Kamailio that will load the module
#
# Offers the target kamailio-headers and the function kamailio_module().

set(KAMAILIO_SOURCE "" CACHE PATH
  "Folder with Kamailio's source/, defines and options (empty: the cache)")
find_program(KAMAILIO_BINARY kamailio PATHS /usr/sbin /usr/local/sbin)
if(NOT KAMAILIO_BINARY)
  message(FATAL_ERROR
    "Kamailio is not installed, and its module is bound to the installed one.\n"
    "Run scripts/setup, or build without the module: -DKAMAILIO_MODULE=OFF")
endif()

set(kamailio_root ${KAMAILIO_SOURCE})
if(NOT kamailio_root)
  set(kamailio_cache $ENV{SIP_ANYCAST_CACHE})
  if(NOT kamailio_cache)
    set(kamailio_cache /var/cache/sip-anycast)
  endif()
  execute_process(COMMAND dpkg-query -W -f "\${source:Version}" kamailio
    OUTPUT_VARIABLE kamailio_package ERROR_QUIET)
  set(kamailio_root ${kamailio_cache}/kamailio/${kamailio_package})
endif()

foreach(part source/src/core/sr_module.h defines options)
  if(NOT EXISTS ${kamailio_root}/${part})
    message(FATAL_ERROR
      "The source of the installed Kamailio is not here: ${kamailio_root}/${part}"
      " is missing.\nRun scripts/setup, or name its folder: -DKAMAILIO_SOURCE=...")
  endif()
endforeach()

# --- the defines, as a header every source of the module is given first -----

# Made at configure time from the recorded list; it also marks what Kamailio
# looks up by name in a module, for all else in anycast.so is hidden.
set(kamailio_host_h ${CMAKE_BINARY_DIR}/kamailio/host.h)
file(STRINGS ${kamailio_root}/defines kamailio_defines)
set(kamailio_text "/* Generated from ${kamailio_root}/defines */\n")
foreach(define IN LISTS kamailio_defines)
  if(define MATCHES "^([^=]+)=(.*)$")
    string(APPEND kamailio_text "#define ${CMAKE_MATCH_1} ${CMAKE_MATCH_2}\n")
  else()
    string(APPEND kamailio_text "#define ${define} 1\n")
  endif()
endforeach()
string(APPEND kamailio_text [[
#define HOST_LOOKS_UP __attribute__((visibility("default")))
extern HOST_LOOKS_UP char *module_version;
extern HOST_LOOKS_UP char *module_flags;
extern HOST_LOOKS_UP unsigned int module_interface_ver;
extern HOST_LOOKS_UP struct module_exports exports;
extern HOST_LOOKS_UP int mod_register(char *, int *, void *, void *);
#undef HOST_LOOKS_UP
]])
file(CONFIGURE OUTPUT ${kamailio_host_h} CONTENT "${kamailio_text}" @ONLY)
set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY
  CMAKE_CONFIGURE_DEPENDS ${kamailio_root}/defines ${KAMAILIO_BINARY})

# --- the comparison ---------------------------------------------------------

function(kamailio_fail what installed carried)
  string(REGEX REPLACE ", *" ";" has "${installed}")
  string(REGEX REPLACE ", *" ";" gets "${carried}")
  set(lacks ${has})
  list(REMOVE_ITEM lacks ${gets})
  set(extra ${gets})
  list(REMOVE_ITEM extra ${has})
  list(JOIN lacks ", " lacks)
  list(JOIN extra ", " extra)
  message(FATAL_ERROR
    "The module would not fit the installed Kamailio: its ${what} differ.\n"
    "  only in ${KAMAILIO_BINARY} -v: ${lacks}\n"
    "  only in the module: ${extra}\n"
    "The module's come from ${kamailio_root}.\n"
    "Run scripts/setup, which fetches the source of the installed version.")
endfunction()

function(kamailio_compare)
  set(dir ${CMAKE_BINARY_DIR}/kamailio)
  file(CONFIGURE OUTPUT ${dir}/carried.c @ONLY CONTENT [[
#include <stdio.h>
#include "core/ver_defs.h"
int main(void)
{
	printf("version: %s\nflags: %s\n", SER_FULL_VERSION, SER_COMPILE_FLAGS);
	return 0;
}
]])
  execute_process(RESULT_VARIABLE failed ERROR_VARIABLE error
    COMMAND ${CMAKE_C_COMPILER} -include ${kamailio_host_h}
      -I${kamailio_root}/source/src ${dir}/carried.c -o ${dir}/carried)
  if(failed)
    message(FATAL_ERROR "Kamailio's headers do not compile:\n${error}")
  endif()
  execute_process(COMMAND ${dir}/carried OUTPUT_VARIABLE carried)
  execute_process(COMMAND ${KAMAILIO_BINARY} -v OUTPUT_VARIABLE installed)

  foreach(what version flags)
    set(line "(^|\n)${what}: ([^\n]*)")
    string(REGEX MATCH "${line}" _ "${installed}")
    string(STRIP "${CMAKE_MATCH_2}" in_host)
    string(REGEX MATCH "${line}" _ "${carried}")
    string(STRIP "${CMAKE_MATCH_2}" in_module)
    if(NOT in_host STREQUAL in_module OR in_host STREQUAL "")
      kamailio_fail(${what} "${in_host}" "${in_module}")
    endif()
    set(kamailio_${what} "${in_host}" PARENT_SCOPE)
  endforeach()
endfunction()

kamailio_compare()
message(STATUS "Kamailio: ${kamailio_version}, headers from ${kamailio_root}")

# --- what a module links ----------------------------------------------------

file(STRINGS ${kamailio_root}/options kamailio_options)
add_library(kamailio-headers INTERFACE)
target_include_directories(kamailio-headers SYSTEM INTERFACE
  ${kamailio_root}/source/src)
# Its interfaces take string literals as char *.
target_compile_options(kamailio-headers INTERFACE
  "SHELL:-include ${kamailio_host_h}" ${kamailio_options} -Wno-write-strings)
target_link_options(kamailio-headers INTERFACE -pthread)

# kamailio_module(NAME SOURCES FILE... [LIBS LIBRARY...]): NAME.so in lib/
#
# Kamailio's own symbols stay undefined, Kamailio resolves them when it loads
# the module.  The test unit.NAME_symbols holds the module to exporting what
# Kamailio looks up and nothing else, so that it cannot clash with another.
function(kamailio_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  add_library(${name} MODULE ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name})
  target_compile_definitions(${name} PRIVATE
    MOD_NAME="${name}" MOD_NAMEID=${name})
  target_link_libraries(${name} PRIVATE flags kamailio-headers ${arg_LIBS})

  add_test(NAME unit.${name}_symbols
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/module-symbols.sh $<TARGET_FILE:${name}>)
  set_tests_properties(unit.${name}_symbols PROPERTIES LABELS unit TIMEOUT 60)
endfunction()
