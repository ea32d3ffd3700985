# SPDX-License-Identifier: GPL-2.0-or-later
# BPF programs: compiled by clang, carried inside the binary as a skeleton
# (bpftool gen skeleton), loaded by libbpf.  Nothing of them is installed.
#
# Offers bpf_skeleton().
find_program(BPF_CLANG NAMES clang clang-14 clang-19)
find_program(BPF_BPFTOOL bpftool PATHS /usr/sbin /usr/local/sbin)
foreach(tool BPF_CLANG BPF_BPFTOOL)
  if(NOT ${tool})
    message(FATAL_ERROR
      "${tool} is not found: the steering program of rtp-pinner is built with "
      "clang and bpftool.\nRun scripts/setup.")
  endif()
endforeach()

find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf)

# asm/types.h lies in a folder of the machine's name, which a compiler for
# target bpf does not look into.
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-multiarch
  OUTPUT_VARIABLE bpf_multiarch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT bpf_multiarch)
  set(bpf_multiarch ${CMAKE_C_LIBRARY_ARCHITECTURE})
endif()

# bpf_skeleton(NAME SOURCE): the library NAME-skeleton, which brings
# NAME.skel.h and libbpf.  Not for the warnings of our flags: it is generated.
function(bpf_skeleton name source)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/${name}-skeleton)
  file(MAKE_DIRECTORY ${dir})
  add_custom_command(OUTPUT ${object}
    COMMAND ${BPF_CLANG} -target bpf -O2 -g -Wall -Wextra
      $<$<BOOL:${WERROR}>:-Werror> -I${CMAKE_SOURCE_DIR}
      -isystem /usr/include/${bpf_multiarch}
      -MD -MT ${object} -MF ${object}.d
      -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    DEPENDS ${source} DEPFILE ${object}.d
    COMMENT "Building BPF object ${name}.bpf.o" VERBATIM)
  add_custom_command(OUTPUT ${dir}/${name}.skel.h
    COMMAND ${BPF_BPFTOOL} gen skeleton ${object} name ${name}_bpf
      > ${dir}/${name}.skel.h
    DEPENDS ${object} VERBATIM)
  add_custom_target(${name}-skeleton-header DEPENDS ${dir}/${name}.skel.h)
  add_library(${name}-skeleton INTERFACE)
  add_dependencies(${name}-skeleton ${name}-skeleton-header)
  target_include_directories(${name}-skeleton SYSTEM INTERFACE ${dir})
  target_link_libraries(${name}-skeleton INTERFACE PkgConfig::LIBBPF)
endfunction()
