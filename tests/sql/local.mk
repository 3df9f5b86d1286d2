# Makefile fragment of tests/sql: the SQL files at the plain sqlite3 shell.
sql_tests = %D%/refuse.sh %D%/accept.sh %D%/audit.sh %D%/schema.sh
TESTS += $(sql_tests)
EXTRA_DIST += $(sql_tests) %D%/sql.inc.sh %D%/expand.awk %D%/bad.txt \
	%D%/good.txt %D%/audit.txt %D%/ids.txt %D%/views.txt
