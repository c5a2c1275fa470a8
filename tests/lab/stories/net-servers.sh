# SPDX-License-Identifier: GPL-2.0-or-later
#
# Servers as Debian ships them that are asked over our own sockets: names (unbound), news (leafnode), SIP
# (kamailio), RADIUS (freeradius), an echo (socat). On a host with product="$LAB_PEERS/net-servers".

# net_serve HOST NAME COMMAND: in the background there, with what it says in the host's log.
net_serve() { on "$1" bash -c "exec $3 </dev/null &>/var/log/$2.log &"; }

# news_name HOST NAME: what the news server thinks that it is called.
news_name() {
    host_install "$1" /etc/news/leafnode/config 644 <<END
server = upstream.invalid
expire = 20
allowSTRANGERS = 42
hostname = $2
END
}

# The files of each kind: HOST IPV4 IPV6.
unbound_install() {
    local name=$1 v4=$2 v6=$3
    host_install "$name" /etc/lab/unbound.conf <<END
server:
    interface: $v4
    interface: $v6
    access-control: 0.0.0.0/0 allow
    access-control: ::/0 allow
    chroot: ""
    username: ""
    directory: "/run"
    pidfile: "/run/unbound.pid"
    use-syslog: yes
    module-config: "iterator"
    local-zone: "." refuse
    local-zone: "lab.test." static
    local-data: "www.lab.test. A 192.0.2.1"
    local-data: "www.lab.test. A 192.0.2.2"
    local-data: "alone.lab.test. TXT nothing"
    local-data: "six.lab.test. AAAA 2001:db8::6"
    local-data: "www.lab.test. AAAA 2001:db8::2"
    local-data-ptr: "192.0.2.1 www.lab.test"
    local-data-ptr: "2001:db8::1 six.lab.test"
$(for i in {1..200}; do echo "    local-data: \"many.lab.test. A 198.51.100.$i\""; done)
END
}
kamailio_install() {
    local name=$1 v4=$2 v6=$3
    host_install "$name" /etc/lab/kamailio.cfg <<END
listen=udp:$v4:5060
listen=tcp:$v4:5060
listen=udp:[$v6]:5060
listen=tcp:[$v6]:5060
children=1
tcp_children=1
auto_aliases=no
dns=no
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "pv.so"
loadmodule "sl.so"
request_route {
    if (\$rU == "trying")
        sl_send_reply("100", "Trying");
    if (\$rU == "busy") {
        sl_send_reply("503", "Too busy");
        exit;
    }
    sl_send_reply("200", "OK");
}
END
}
freeradius_install() {
    local name=$1 v4=$2 v6=$3
    host_install "$name" /etc/lab/radius/radiusd.conf <<END
raddbdir = /etc/lab/radius
logdir = /var/log
pidfile = /run/radiusd.pid
libdir = /usr/lib/freeradius
security {
    reject_delay = 0
}
client lab {
    ipaddr = 0.0.0.0/0
    secret = geheim
    require_message_authenticator = yes
}
client lab6 {
    ipv6addr = ::/0
    secret = geheim6
    require_message_authenticator = yes
}
modules {
    pap {
    }
}
server default {
    listen {
        type = auth
        ipaddr = $v4
        port = 1812
    }
    listen {
        type = auth
        ipv6addr = $v6
        port = 1812
    }
    authorize {
        if (&User-Name == "joe") {
            update control {
                Cleartext-Password := "a password of more than sixteen letters"
            }
        }
        pap
    }
    authenticate {
        pap
    }
}
END
    host_install "$name" /etc/lab/radius/dictionary <<<'$INCLUDE /usr/share/freeradius/dictionary'
}

# net_servers_install HOST IPV4 IPV6
net_servers_install() {
    unbound_install "$@"
    kamailio_install "$@"
    freeradius_install "$@"
    news_name "$1" news.example.com
    on "$1" bash -c 'chown -R news:news /etc/news /var/spool/news; for d in "" leaf.node failed.postings \
        interesting.groups message.id out.going temp.files; do install -d -o news -g news -m 2775 "/var/spool/news/$d"
        done; for i in {000..999}; do mkdir -p /var/spool/news/message.id/$i; done
        chown -R news:news /var/spool/news/message.id'
}

net_servers_start() { # HOST
    net_serve "$1" unbound 'unbound -d -c /etc/lab/unbound.conf'
    net_serve "$1" kamailio 'kamailio -DD -E -m 16 -M 4 -Y /run -f /etc/lab/kamailio.cfg'
    net_serve "$1" freeradius 'freeradius -f -l stdout -n radiusd -d /etc/lab/radius'
    net_serve "$1" leafnode 'socat TCP6-LISTEN:119,fork,reuseaddr EXEC:leafnode,su=news'
    net_serve "$1" echo-tcp 'socat TCP6-LISTEN:7,fork,reuseaddr PIPE'
    net_serve "$1" echo-udp 'socat UDP6-LISTEN:7,fork,reuseaddr PIPE'
}
