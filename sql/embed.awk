# Makes a C header of an SQL file: an array of its lines, NULL at the end (a
# string literal of C17 need not be longer than 4095 bytes). Lines that are
# comment or empty are left out. A "?" is escaped, for there are trigraphs.
# usage: awk -v name=policy_sql -f embed.awk policy.sql > policy_sql.h
BEGIN {
	printf "/* Generated from %s.sql by embed.awk. */\n", \
	    substr(name, 1, length(name) - 4)
	printf "static const char *const %s[] = {\n", name
}
/^[ \t]*(--|$)/ { next }
{
	gsub(/[\\"?]/, "\\\\&")
	printf "\t\"%s\\n\",\n", $0
}
END { print "\t0\n};" }
