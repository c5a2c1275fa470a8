# SPDX-License-Identifier: GPL-2.0-or-later
#
# Web servers: nginx on a host, saying in a header which host answered, and on the page what the
# documents put there; and what makes a host a real server behind direct routing.

# web_start HOST [PORT]: serves /var/www of the host.
web_start() {
    local name=$1 port=${2:-80}
    host_install "$name" /etc/nginx/lab.conf <<END
user root;
pid /run/nginx.pid;
error_log /var/log/nginx-error.log info;
worker_processes 1;
events { worker_connections 512; }
http {
    default_type text/html;
    access_log /var/log/nginx-access.log;
    add_header X-Served-By $name always;
    server {
        listen $port;
        listen [::]:$port;
        root /var/www;
    }
}
END
    on "$name" nginx -c /etc/nginx/lab.conf || fail "nginx to start on $name"
    note "$name serves on port $port"
}

# At once, without a goodbye: connections get a reset from the kernel.
web_kill() {
    local pid
    read -r pid <"$(host_root "$1")/run/nginx.pid"
    on "$1" bash -c "kill -KILL $pid \$(</proc/$pid/task/$pid/children)"
    note "$1: its web server is dead"
}

# web_pair: web1 and web2 on the wire, at 10.0.0.11 and .12, whose test.html says fake.
web_pair() {
    local n
    for n in 1 2; do
        host "web$n" "eth0=wire:10.0.0.1$n/24"
        page "web$n" test.html <<<'fake'
        web_start "web$n"
    done
}

# page HOST NAME <content
page() { host_install "$1" "/var/www/$2"; }

# vips_on DEVICE DEVICE6 VIP...: the commands that put these addresses there, by their family.
vips_on() {
    local device=$1 device6=$2 vip
    shift 2
    for vip; do
        if [[ $vip == *:* ]]; then echo "ip addr add $vip/128 dev $device6 nodad"; else echo "ip addr add $vip/32 dev $device"; fi
    done
}

# real_server HOST VIP...: takes packets for the addresses without answering ARP for them; nor for
# neighbour solicitations, as nobody does for an address of lo.
real_server() {
    local name=$1
    shift
    {
        echo 'cd /proc/sys/net/ipv4/conf'
        echo 'for i in all lo eth0; do echo 1 >$i/arp_ignore; echo 2 >$i/arp_announce; done'
        vips_on lo lo "$@"
    } | on "$name" bash -e
}

# tunnel_server HOST VIP...: takes what the director wraps in IP.
tunnel_server() {
    local name=$1
    shift
    real_server "$name"
    {
        echo 'for i in all tunl0; do echo 0 >/proc/sys/net/ipv4/conf/$i/rp_filter; done'
        [[ $* != *.* ]] || echo 'ip link set tunl0 up'
        [[ $* != *:* ]] || echo 'ip link set ip6tnl0 up'
        vips_on tunl0 ip6tnl0 "$@"
    } | on "$name" bash -e
}
