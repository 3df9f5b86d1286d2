# Makefile fragment of tests/unit: one program per module, one suite each.
# To add one: append its name to unit_programs and give its _SOURCES; it links
# with UNIT_LIBS unless it has an own _LDADD.
UNIT_LIBS = lib/base/libbase.a $(CHECK_LIBS)

unit_programs = %D%/test_sv %D%/test_buf
check_PROGRAMS += $(unit_programs)
TESTS += $(unit_programs)

%C%_test_sv_SOURCES = %D%/test_sv.c %D%/unit.h
%C%_test_sv_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_sv_LDADD = $(UNIT_LIBS)
%C%_test_buf_SOURCES = %D%/test_buf.c %D%/unit.h
%C%_test_buf_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_buf_LDADD = $(UNIT_LIBS)

unit_programs += %D%/test_conf
%C%_test_conf_SOURCES = %D%/test_conf.c %D%/unit.h
%C%_test_conf_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_conf_LDADD = $(UNIT_LIBS) $(CONFUSE_LIBS)

unit_programs += %D%/test_socketmap %D%/test_attrs
%C%_test_socketmap_SOURCES = %D%/test_socketmap.c %D%/unit.h
%C%_test_socketmap_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_socketmap_LDADD = lib/wire/libwire.a $(UNIT_LIBS)
%C%_test_attrs_SOURCES = %D%/test_attrs.c %D%/unit.h
%C%_test_attrs_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_attrs_LDADD = lib/wire/libwire.a $(UNIT_LIBS)

unit_programs += %D%/test_cover
%C%_test_cover_SOURCES = %D%/test_cover.c %D%/unit.h
%C%_test_cover_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_cover_LDADD = $(LIBS_POLICY) $(CHECK_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_inbound
%C%_test_inbound_SOURCES = %D%/test_inbound.c %D%/table.c %D%/table.h \
	%D%/unit.h
%C%_test_inbound_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_inbound_LDADD = $(LIBS_POLICY) $(CHECK_LIBS) $(IDN2_LIBS)

unit_programs += %D%/test_listener
%C%_test_listener_SOURCES = %D%/test_listener.c %D%/unit.h
%C%_test_listener_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_listener_LDADD = lib/daemon/libdaemon.a $(UNIT_LIBS)
