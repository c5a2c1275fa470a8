# SPDX-License-Identifier: GPL-2.0-or-later
#
# Databases as Debian ships them: postgresql and mariadb, each with an admin whose password is geheim. On a
# host with product="$LAB_PEERS/databases".

databases_install() { # HOST
    host_install "$1" /etc/lab/pg-start 755 <<'END'
#!/bin/bash
set -e
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
cd /tmp
if [[ ! -d /srv/pg/base ]]; then
    echo geheim >/tmp/pg-password
    initdb -D /srv/pg -U admin -A scram-sha-256 --pwfile=/tmp/pg-password --no-locale -N
    echo 'host all all all scram-sha-256' >>/srv/pg/pg_hba.conf
fi
exec postgres -D /srv/pg -c listen_addresses='*' -c unix_socket_directories=/tmp -c fsync=off \
    -c shared_buffers=16MB -c max_connections=20
END
    host_install "$1" /etc/lab/my-start 755 <<'END'
#!/bin/bash
set -e
cd /srv/my
options=(--no-defaults --datadir=/srv/my/data --socket=/srv/my/socket --pid-file=/srv/my/pid
    --lc-messages-dir=/usr/share/mysql --innodb-buffer-pool-size=8M --innodb-flush-log-at-trx-commit=0)
if [[ ! -d data ]]; then
    mkdir data
    {
        # a statement a line
        echo 'create database if not exists mysql;'
        echo 'use mysql;'
        cat /usr/share/mysql/mysql_system_tables.sql
        echo 'flush privileges;'
        echo 'create user admin identified by "geheim";'
        echo 'grant all on *.* to admin;'
        echo 'create database shop;'
        echo 'create table shop.things (name text);'
    } | mariadbd "${options[@]}" --bootstrap
fi
exec mariadbd "${options[@]}" --port=3306
END
    on "$1" install -d -o 65534 -g 65534 -m 700 /srv/pg /srv/my
}
databases_start() { # HOST
    local nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
    on "$1" bash -c "$nobody /etc/lab/pg-start </dev/null &>/var/log/pg.log &"
    on "$1" bash -c "$nobody /etc/lab/my-start </dev/null &>/var/log/my.log &"
}
