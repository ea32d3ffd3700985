# SPDX-License-Identifier: GPL-2.0-or-later
# Writes OUT, a header with the version and the commit it is built from; left
# alone when nothing has changed. Run by every build:
#   cmake -DVERSION=0.1.0 -DSOURCE=DIR -DOUT=FILE -P Version.cmake
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE failed ERROR_QUIET)
if(NOT failed AND commit)
  string(APPEND VERSION " (${commit})")
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define SIP_ANYCAST_VERSION \"${VERSION}\"\n")
