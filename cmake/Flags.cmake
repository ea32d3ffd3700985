# SPDX-License-Identifier: GPL-2.0-or-later
# The one place that sets compiler and linker flags: every target links `flags`.
include(GNUInstallDirs)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

add_library(flags INTERFACE)
target_include_directories(flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(flags INTERFACE _GNU_SOURCE)
target_compile_options(flags INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
  -Wpointer-arith -Wcast-align -Wwrite-strings -Wundef -Wformat=2
  -Wimplicit-fallthrough $<$<BOOL:${WERROR}>:-Werror>)

if(SANITIZE)
  target_compile_options(flags INTERFACE -fsanitize=${SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(flags INTERFACE -fsanitize=${SANITIZE})
else()
  # Hardening; a sanitizer brings its own checks and dislikes _FORTIFY_SOURCE.
  target_compile_options(flags INTERFACE -fstack-protector-strong
    $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE>
    $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
  target_link_options(flags INTERFACE -Wl,-z,relro,-z,now)
endif()

if(FUZZERS)
  if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "FUZZERS needs clang: cmake --preset fuzz")
  endif()
  target_compile_options(flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
