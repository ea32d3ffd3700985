# SPDX-License-Identifier: GPL-2.0-or-later
# How a test is declared, so that all of them look the same to ctest.

find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

# unit_test(NAME SOURCE LIBRARY...): one cmocka binary, ctest name unit.NAME
function(unit_test name source)
  add_executable(test_${name} ${source})
  target_link_libraries(test_${name} PRIVATE flags ${ARGN} PkgConfig::CMOCKA)
  add_test(NAME unit.${name} COMMAND test_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 60
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
