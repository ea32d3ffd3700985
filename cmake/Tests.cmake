# SPDX-License-Identifier: GPL-2.0-or-later
# How a test is declared, so that all of them look the same to ctest.
#
# TEST_PREFIX, set by the presets asan, tsan and fuzz, goes before each name,
# because ./test runs the tests of several builds in one ctest.  A test that is
# worth nothing in another build is declared only where it is empty.
set(TEST_PREFIX "" CACHE STRING "Goes before the name of each test")

find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

# unit_test(NAME SOURCE LIBRARY...): one cmocka binary, ctest name unit.NAME
# (the fuzz preset has none: their places are the asan and tsan presets)
function(unit_test name source)
  add_executable(test_${name} ${source})
  target_link_libraries(test_${name} PRIVATE flags ${ARGN} PkgConfig::CMOCKA)
  if(FUZZERS)
    set_target_properties(test_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  set(test ${TEST_PREFIX}unit.${name})
  add_test(NAME ${test} COMMAND test_${name})
  set_tests_properties(${test} PROPERTIES LABELS unit TIMEOUT 60
    SKIP_RETURN_CODE 4)
endfunction()

# headers_alone(TARGET HEADER...): each header compiles as the only include
function(headers_alone target)
  set(sources)
  foreach(header ${ARGN})
    get_filename_component(path ${header} ABSOLUTE)
    file(RELATIVE_PATH rel ${CMAKE_SOURCE_DIR} ${path})
    string(MAKE_C_IDENTIFIER ${rel} id)
    set(src ${CMAKE_CURRENT_BINARY_DIR}/alone/${id}.c)
    file(CONFIGURE OUTPUT ${src} CONTENT "#include \"${rel}\"\n")
    list(APPEND sources ${src})
  endforeach()
  add_library(${target}_headers_alone OBJECT ${sources})
  target_link_libraries(${target}_headers_alone PRIVATE flags ${target})
endfunction()

set(FUZZ_SECONDS 15 CACHE STRING "How long a libFuzzer target runs in a test")

# fuzz_target(NAME SOURCE LIBRARY...): ctest name fuzz.NAME
#
# SOURCE defines LLVMFuzzerTestOneInput(); its inputs lie in
# fuzz/corpus/NAME/ of the folder that calls this, an optional dictionary in
# fuzz/NAME.dict.  With FUZZERS the test is FUZZ_SECONDS of libFuzzer on a copy
# of the corpus; without, it feeds the corpus through the harness once.
add_custom_target(fuzz_targets)
function(fuzz_target name source)
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
  if(NOT IS_DIRECTORY ${corpus})
    message(FATAL_ERROR "fuzz_target(${name}): its corpus ${corpus} is missing")
  endif()

  add_executable(fuzz_${name} ${source})
  target_link_libraries(fuzz_${name} PRIVATE flags ${ARGN})
  add_dependencies(fuzz_targets fuzz_${name})
  set(test ${TEST_PREFIX}fuzz.${name})

  if(FUZZERS)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set(dictionary ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/${name}.dict)
    if(NOT EXISTS ${dictionary})
      set(dictionary)
    endif()
    add_test(NAME ${test} COMMAND ${CMAKE_SOURCE_DIR}/cmake/fuzz-run.sh
      ${name} $<TARGET_FILE:fuzz_${name}> ${FUZZ_SECONDS}
      ${CMAKE_BINARY_DIR}/fuzz/${name} ${corpus} ${dictionary})
    math(EXPR timeout "${FUZZ_SECONDS} + 60")
  else()
    target_sources(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/common/fuzz/replay.c)
    add_test(NAME ${test} COMMAND fuzz_${name} ${corpus})
    set(timeout 60)
  endif()

  set_tests_properties(${test} PROPERTIES LABELS fuzz TIMEOUT ${timeout})
endfunction()
