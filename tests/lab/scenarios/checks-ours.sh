# SPDX-License-Identifier: GPL-2.0-or-later
#
# The checks that only ours has, against servers as Debian ships them: redis, memcached, a gRPC server
# in Python, and nginx with certificates that are good, expired, for another name and signed by nobody.
# needs: more-servers
# bound: 90

network wire
host server product="$LAB_PEERS/more-servers" eth0=wire:10.5.0.1/24,fd05::1/64
host director eth0=wire:10.5.0.254/24,fd05::254/64

host_install server /etc/lab/redis.conf <<'END'
bind 10.5.0.1 fd05::1
port 6379
dir /tmp
save ""
requirepass geheim
user probe on >wenig +ping
END
host_install server /etc/lab/health.py <<'END'
import time
from concurrent import futures
import grpc

# HealthCheckResponse of one field: 1 SERVING, 2 NOT_SERVING
HEALTH = {b"": b"\x08\x01", b"\x0a\x04shop": b"\x08\x01", b"\x0a\x04cart": b"\x08\x02"}

def check(request, context):
    if request not in HEALTH:
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    return HEALTH[request]

server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
    "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)}),))
server.add_insecure_port("[::]:50051")
with open("/etc/lab/tls/good.key", "rb") as key, open("/etc/lab/tls/good.pem", "rb") as cert:
    server.add_secure_port("[::]:50052", grpc.ssl_server_credentials([(key.read(), cert.read())]))
server.start()
time.sleep(3600)
END
host_install server /etc/lab/certificates 755 <<'END'
#!/bin/bash
set -eu
mkdir -p /etc/lab/tls/new
cd /etc/lab/tls
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
# sign NAME FROM TO SUBJECT-ALTERNATIVES
sign() {
    key "$1"
    openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
    openssl ca -batch -notext -config <(cat <<CNF
[ca]
default_ca = us
[us]
database = index
serial = serial
new_certs_dir = new
default_md = sha256
policy = any
unique_subject = no
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = $4
CNF
    ) -cert ca.pem -keyfile ca.key -in "$1.csr" -out "$1.pem" -startdate "$2" -enddate "$3"
}
: >index
echo 01 >serial
key ca
openssl req -new -x509 -key ca.key -subj '/CN=lab authority' -days 3650 -out ca.pem
sign good 20200101000000Z 21200101000000Z DNS:www.lab.test,IP:10.5.0.1,IP:fd05::1
sign other 20200101000000Z 21200101000000Z DNS:www.other.test
sign expired 20200101000000Z 20200102000000Z DNS:www.lab.test,IP:10.5.0.1
key self
openssl req -new -x509 -key self.key -subj '/CN=www.lab.test' -addext subjectAltName=DNS:www.lab.test -days 3650 -out self.pem
END
tls_server() { # PORT NAME MORE
    cat <<END
    server {
        listen 10.5.0.1:$1 ssl http2;
        listen [fd05::1]:$1 ssl http2;
        server_name ${4:-_};
        ssl_certificate /etc/lab/tls/$2.pem;
        ssl_certificate_key /etc/lab/tls/$2.key;
        root /var/www;
        ${3:-}
    }
END
}
host_install server /etc/nginx/lab.conf <<END
user root;
pid /run/nginx.pid;
error_log /var/log/nginx-error.log info;
worker_processes 1;
events { worker_connections 64; }
http {
    access_log /var/log/nginx-access.log;
    ssl_session_tickets off;
    absolute_redirect off;
$(tls_server 443 good)
$(tls_server 444 other)
$(tls_server 445 expired)
$(tls_server 446 self)
    # Two names at one port: without a name the handshake meets the wrong certificate.
$(tls_server 447 other "" www.other.test)
$(tls_server 447 good "location = /moved { return 302 /index.html; }" www.lab.test)
    server {
        listen 10.5.0.1:80;
        listen [fd05::1]:80;
        root /var/www;
        location = /host { return 200 "asked for \$http_host"; }
        location = /needs { if (\$http_x_probe != "yes") { return 403; } return 200 "welcome"; }
        location = /post { if (\$request_method != POST) { return 405; } return 201 "made"; }
        location = /busy { return 429; }
        location = /moved { return 302 /index.html; }
    }
}
END
page server index.html <<<'here'

on server /etc/lab/certificates &>/dev/null
serve() {
    local name=$1
    shift
    on server bash -c "exec $* </dev/null &>/var/log/$name.log &"
}
serve_all() {
    serve redis redis-server /etc/lab/redis.conf
    serve memcached memcached -u root -l 10.5.0.1,fd05::1 -m 4 -t 1
    serve grpc /usr/bin/python3 /etc/lab/health.py
    serve nginx nginx -c /etc/nginx/lab.conf -g "'daemon off;'"
}
serve_all

ask="gives director"
redis="redis tcp 10.5.0.1 6379"
wait_until 20 "redis: with the password" $ask L7OK $redis passwd=geheim
expect "redis over IPv6 likewise" $ask L7OK redis tcp fd05::1 6379 passwd=geheim
expect "redis: a user who may do nothing else" $ask L7OK $redis login=probe passwd=wenig
expect "redis: without a password" $ask L7STS $redis
expect "redis: the wrong password" $ask L7STS $redis passwd=x
expect "redis: in bytes of our own" $ask L7OK sendexpect tcp 10.5.0.1 6379 'send=AUTH geheim\r\nPING\r\n' 'expect=+OK\r\n+PONG\r\n'
expect "sendexpect over IPv6 likewise" $ask L7OK sendexpect tcp fd05::1 6379 'send=AUTH geheim\r\nPING\r\n' 'expect=+OK\r\n+PONG\r\n'
expect "redis: not what was expected" $ask L7TOUT sendexpect tcp 10.5.0.1 6379 'send=PING\r\n' expect=PONG timeout_ms=500

memcached="memcached tcp 10.5.0.1 11211"
wait_until 20 "memcached: its version" $ask L7OK $memcached
expect "memcached over IPv6 likewise" $ask L7OK memcached tcp fd05::1 11211
expect "memcached is no redis" $ask L7TOUT redis tcp 10.5.0.1 11211 timeout_ms=500
expect "memcached in its binary words" $ask L7OK sendexpect tcp 10.5.0.1 11211 \
    'send=\x80\x0b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' 'expect=\x81\x0b\0\0'

grpc="grpc tcp 10.5.0.1 50051"
tls=cafile=$(host_root server)/etc/lab/tls/ca.pem
wait_until 40 "grpc: the server as a whole" $ask L7OK $grpc
expect "grpc over IPv6 likewise" $ask L7OK grpc tcp fd05::1 50051
expect "grpc: a service that serves" $ask L7OK $grpc request=/shop
expect "grpc: one that does not" $ask L7STS $grpc request=/cart
expect "grpc: one that is not there" $ask L7STS $grpc request=/nothing
expect "grpcs: with a good certificate" $ask L7OK grpcs tcp 10.5.0.1 50052 "$tls"
expect "grpcs over IPv6 likewise" $ask L7OK grpcs tcp fd05::1 50052 "$tls"
expect "grpcs: and a good name" $ask L7OK grpcs tcp 10.5.0.1 50052 "$tls" verify=name virtualhost=www.lab.test
expect "grpcs: the wrong name" $ask L6RSP grpcs tcp 10.5.0.1 50052 "$tls" verify=name virtualhost=www.other.test
expect "grpcs: an authority nobody knows" $ask L6RSP grpcs tcp 10.5.0.1 50052
expect "grpc is not what a web server speaks" $ask L7RSP grpc tcp 10.5.0.1 80
expect "grpcs: a web server that speaks HTTP/2 has no such service" $ask L7STS grpcs tcp 10.5.0.1 443 "$tls"

wait_until 20 "https: a good certificate" $ask L7OK https tcp 10.5.0.1 443 "$tls" receive=here
for service in https tls; do
    ok=L7OK
    [[ $service != tls ]] || ok=L6OK
    expect "$service: the address is one of its names" $ask $ok $service tcp 10.5.0.1 443 "$tls" verify=name
    expect "$service over IPv6: so is this one" $ask $ok $service tcp fd05::1 443 "$tls" verify=name
    expect "$service over IPv6: by the name" $ask $ok $service tcp fd05::1 447 "$tls" verify=name sni=www.lab.test
    expect "$service over IPv6: not one of its names" $ask L6RSP $service tcp fd05::1 444 "$tls" verify=name
    expect "$service: so is this" $ask $ok $service tcp 10.5.0.1 443 "$tls" verify=name sni=www.lab.test
    expect "$service: the chain of another name" $ask $ok $service tcp 10.5.0.1 444 "$tls"
    expect "$service: another name" $ask L6RSP $service tcp 10.5.0.1 444 "$tls" verify=name sni=www.lab.test
    expect "$service: expired" $ask L6RSP $service tcp 10.5.0.1 445 "$tls"
    expect "$service: signed by itself" $ask L6RSP $service tcp 10.5.0.1 446 "$tls"
    expect "$service: an authority nobody knows" $ask L6RSP $service tcp 10.5.0.1 443
    for port in 444 445 446; do
        expect "$service: nothing verified, at $port" $ask $ok $service tcp 10.5.0.1 $port verify=none
    done
    expect "$service: two at one port, the wrong one" $ask L6RSP $service tcp 10.5.0.1 447 "$tls" verify=name
    expect "$service: two at one port, the right one" $ask $ok $service tcp 10.5.0.1 447 "$tls" verify=name sni=www.lab.test
done
expect "https: the same name after a redirect" $ask L7OK https tcp 10.5.0.1 447 "$tls" verify=name virtualhost=www.lab.test request=/moved receive=here
expect "tls: no TLS there" $ask L6RSP tls tcp 10.5.0.1 80

http="http tcp 10.5.0.1 80"
expect "http: without the header" $ask L7STS $http request=/needs
expect "http: with it" $ask L7OK $http request=/needs 'header=X-Probe: yes' receive=welcome
expect "http over IPv6: brackets in its name" $ask L7OK http tcp fd05::1 80 request=/host receive='^asked for \[fd05::1\]$'
expect "http over IPv6: another name" $ask L7OK http tcp fd05::1 80 request=/host virtualhost=www.lab.test receive='^asked for www\.lab\.test$'
expect "http over IPv6: a redirect is followed" $ask L7OK http tcp fd05::1 80 request=/moved receive=here
expect "http: what must be posted" $ask L7STS $http request=/post
expect "http: posted" $ask L7OK $http request=/post body=one receive=made
expect "http: a status that is not good" $ask L7STS $http request=/busy
expect "http: the same one, expected" $ask L7OK $http request=/busy expectstatus=200-299,429
expect "http: a redirect that is expected is not followed" $ask L7MATCH $http request=/moved expectstatus=302 receive=here
expect "http: another is" $ask L7OK $http request=/moved receive=here

host_freeze server
for words in "$redis" "$memcached" "$grpc" "sendexpect tcp 10.5.0.1 6379 send=x"; do
    expect "frozen: $words" $ask L7TOUT $words timeout_ms=300
done
expect "frozen: tls" $ask L6TOUT tls tcp 10.5.0.1 443 timeout_ms=300
host_thaw server
wait_until 10 "thawed: grpc" $ask L7OK $grpc

on server bash -c 'kill -KILL -1' || :
for words in "$redis" "$memcached" "$grpc" "tls tcp 10.5.0.1 443"; do
    expect "gone: $words" $ask L4CON $words
done
