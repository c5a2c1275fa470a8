# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks through databases' own client libraries against the databases as Debian ships them:
# postgresql and mariadb. Healthy, asked for what they have not, frozen, and gone.
# needs: databases
# bound: 120

source "$LAB_SRC/stories/databases.sh"
network wire
host server product="$LAB_PEERS/databases" eth0=wire:10.4.0.1/24,fd04::1/64
host director eth0=wire:10.4.0.254/24,fd04::254/64

databases_install server
databases_start server

ask="gives director"
pg="pgsql tcp 10.4.0.1 5432 login=admin passwd=geheim database=postgres"
one='request=/select 1'
wait_until 40 "pgsql: a row" $ask L7OK $pg "$one"
expect "pgsql over IPv6 likewise" $ask L7OK ${pg/10.4.0.1/fd04::1} "$one"
expect "pgsql: a great many rows, of which the first is enough" $ask L7OK $pg "request=/select repeat('x', 1000) from generate_series(1, 1000000)"
expect "pgsql: no rows" $ask L7STS $pg "request=/select 1 where false"
expect "pgsql: a table there is not" $ask L7STS $pg "request=/select * from nothing"
expect "pgsql: no SQL" $ask L7STS $pg "request=/hello"
expect "pgsql: two statements are not one" $ask L7STS $pg "request=/select 1; select 2"
expect "pgsql: a statement that changes nothing" $ask L7STS $pg "request=/set timezone to utc"
expect "pgsql: a row of more than 4 MiB" $ask L7RSP $pg "request=/select repeat('x', 10000000)"
expect "pgsql: a statement that takes too long" $ask L7TOUT $pg "request=/select pg_sleep(60)" timeout_ms=500
expect "pgsql: the wrong password" $ask L7STS ${pg/geheim/x} "$one"
expect "pgsql: a database there is not" $ask L7STS ${pg/=postgres/=nowhere} "$one"

odbc="odbc tcp 10.4.0.1 5432 login=admin passwd=geheim"
source='database=Driver={PostgreSQL Unicode};Server=%h;Port=%p;Database=postgres;SSLMode=disable'
expect "odbc: a row" $ask L7OK $odbc "$source" "$one"
expect "odbc over IPv6 likewise" $ask L7OK ${odbc/10.4.0.1/fd04::1} "$source" "$one"
expect "odbc: no rows" $ask L7STS $odbc "$source" "request=/select 1 where false"
expect "odbc: a table there is not" $ask L7STS $odbc "$source" "request=/select * from nothing"
expect "odbc: a statement that changes something" $ask L7OK $odbc "$source" "request=/create table t as select 1"
expect "odbc: more than a driver may keep" $ask L7RSP $odbc "$source" "request=/select repeat('x', 1000000) from generate_series(1, 600)" timeout_ms=60000
expect "odbc: a statement that takes too long" $ask L7TOUT $odbc "$source" "request=/select pg_sleep(60)" timeout_ms=1000
expect "odbc: the wrong password" $ask L4CON ${odbc/geheim/x} "$source" "$one"
expect "odbc: by way of oracle" $ask L7OK ${odbc/odbc/oracle} "$source" "$one"
expect "odbc: by way of oracle, over IPv6" $ask L7OK oracle tcp fd04::1 5432 login=admin passwd=geheim "$source" "$one"

my="mysql tcp 10.4.0.1 3306 login=admin passwd=geheim database=shop"
wait_until 40 "mysql: a row" $ask L7OK $my "$one"
expect "mysql over IPv6 likewise" $ask L7OK ${my/10.4.0.1/fd04::1} "$one"
expect "mysql: a great many rows, of which the first are enough" $ask L7OK $my "request=/select seq, repeat('x', 1000) from seq_1_to_1000000"
expect "mysql: no rows" $ask L7STS $my "request=/select name from things"
expect "mysql: a table there is not" $ask L7STS $my "request=/select * from nothing"
expect "mysql: no SQL" $ask L7STS $my "request=/hello"
expect "mysql: two statements are not one" $ask L7STS $my "request=/select 1; select 2"
expect "mysql: a statement that changes nothing" $ask L7STS $my "request=/delete from things"
expect "mysql: a statement that changes something" $ask L7OK $my "request=/insert into things values ('one')"
expect "mysql: a row of more than 1 MiB" $ask L7RSP $my "request=/select repeat('x', 10000000)"
expect "mysql: a file of the director's is not given" $ask L7STS $my "request=/load data local infile '/etc/passwd' into table things"
expect "mysql: a statement that takes too long" $ask L7TOUT $my "request=/select sleep(60)" timeout_ms=500
expect "mysql: the wrong password" $ask L7STS ${my/geheim/x} "$one"
expect "mysql: a database there is not" $ask L7STS ${my/shop/nowhere} "$one"

host_freeze server
expect "frozen: pgsql" $ask L7TOUT $pg "$one" timeout_ms=500
expect "frozen: odbc" $ask L7TOUT $odbc "$source" "$one" timeout_ms=1000
expect "frozen: mysql" $ask L7TOUT $my "$one" timeout_ms=500
host_thaw server
wait_until 10 "thawed: pgsql" $ask L7OK $pg "$one"
wait_until 10 "thawed: mysql" $ask L7OK $my "$one"

on server bash -c 'kill -KILL -1' || :
expect "gone: pgsql" $ask L4CON $pg "$one"
expect "gone: odbc" $ask L4CON $odbc "$source" "$one"
expect "gone: mysql" $ask L4CON $my "$one"
databases_start server
wait_until 40 "back: pgsql" $ask L7OK $pg "$one"
wait_until 40 "back: mysql" $ask L7OK $my "$one"
