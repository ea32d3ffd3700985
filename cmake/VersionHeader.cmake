# SPDX-License-Identifier: GPL-2.0-or-later
# version_header(PROGRAM): its sources can include FOLDER/version.h, the version
# and the commit it is built from; FOLDER is the current one.
function(version_header program)
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
  set(out ${generated}/${folder}/version.h)
  add_custom_target(${program}_version BYPRODUCTS ${out}
    COMMAND ${CMAKE_COMMAND} -DVERSION=${PROJECT_VERSION}
      -DSOURCE=${CMAKE_SOURCE_DIR} -DOUT=${out}
      -P ${CMAKE_SOURCE_DIR}/cmake/Version.cmake
    COMMENT "Looking up the version")
  add_dependencies(${program} ${program}_version)
  target_include_directories(${program} PRIVATE ${generated})
endfunction()
