#!/bin/bash
# What an operator does with the generated units, inside the container: each step's exit code and
# words go to /work/said, for test_systemd.py.
exec 2>&1
say() { # say NAME COMMAND…
    local name=$1 out code
    shift
    out=$("$@" 2>&1)
    code=$?
    printf '== %s %d\n%s\n' "$name" "$code" "$out" | sed '/^$/d' >>/work/said
}
# until_ok COMMAND…: polls, for 30 s at most.
until_ok() {
    for _ in $(seq 300); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}
show() { systemctl show notes -p ActiveState,StatusText,MainPID,NRestarts,Result; }
main_pid() { systemctl show notes -P MainPID; }
active_as_other() { [ "$(systemctl show notes -P ActiveState)" = active ] && [ "$(main_pid)" != "$1" ] && [ "$(main_pid)" != 0 ]; }
notes() { /usr/local/bin/burrow serve /etc/notes.json --data /var/lib/notes "$@"; }
crash() { local was; was=$(main_pid); kill -"$1" "$was"; until_ok active_as_other "$was" || { show; return 1; }; }
ask() { # one request over bash's own sockets
    exec 5<>/dev/tcp/127.0.0.1/8080 || return 1
    printf 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&5
    cat <&5
}
stop_amid() { # a request whose body is half there when the stop comes
    exec 5<>/dev/tcp/127.0.0.1/8080 || return 1
    printf 'POST /api/Note HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"t":' >&5
    until_ok grep -q '"connections":[1-9]' <(ask_other)
    systemctl stop --no-block notes
    until_ok draining
    printf '"abcd"}' >&5
    cat <&5
}
ask_other() { exec 6<>/dev/tcp/127.0.0.1/8080; printf 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&6; cat <&6; }
draining() { notes --state | grep -q draining; }
is_inactive() { [ "$(systemctl show notes -P ActiveState)" = inactive ]; }

install -m 755 /work/burrow /usr/local/bin/burrow
install -m 644 /work/notes.json /etc/notes.json
say deploy burrow deploy systemd --exec /usr/local/bin/burrow --name notes --settings /etc/notes.json --out /etc/systemd/system
say verify systemd-analyze verify --man=no /etc/systemd/system/notes.service /etc/systemd/system/notes.socket
mkdir -p /etc/systemd/system/notes.service.d
printf '[Service]\nRestartSec=100ms\nWatchdogSec=2\nEnvironment=BURROW_REST_BATCH_TIMEOUT=1s\n' >/etc/systemd/system/notes.service.d/quick.conf
systemctl daemon-reload
say start systemctl start notes
say state show
say who notes --state
say health notes --health
say admin stat -c '%a %F' /var/lib/notes/notes.admin.sock
say rights cat "/proc/$(main_pid)/status"
sed -i 's/^{/{"log": {"level": "debug"}, /' /etc/notes.json
say reload systemctl reload notes
say reload-status show
cp /etc/notes.json /etc/good.json
echo '{"log": {"level": "loud"}}' >/etc/notes.json
say reload-broken systemctl reload notes
say reload-after show
cp /etc/good.json /etc/notes.json
say crash crash KILL
say watchdog crash STOP
journalctl --sync
say watchdog-journal journalctl -u notes -o cat -n 40
say stop stop_amid
until_ok is_inactive
say stopped show
install -m 600 /etc/notes.json /etc/secret.json
printf '[Service]\nLoadCredential=notes.json:/etc/secret.json\nExecStart=\nExecStart=/usr/local/bin/burrow serve @notes.json --run\n' \
    >/etc/systemd/system/notes.service.d/secret.conf
mv /etc/notes.json /etc/away.json
systemctl daemon-reload
say secret-start systemctl start notes
say secret-state show
say secret-ask ask
systemctl stop notes
mv /etc/away.json /etc/notes.json
rm /etc/systemd/system/notes.service.d/secret.conf /etc/secret.json
systemctl daemon-reload
printf '[Service]\nTimeoutStartSec=2\nWatchdogSec=0\nEnvironment=LD_PRELOAD=/usr/local/lib/slow_flush.so SLOW_FLUSH_US=1500000 BURROW_DATA=/var/lib/notes/fresh\n' \
    >/etc/systemd/system/notes.service.d/slow.conf
install -m 755 /work/slow_flush.so /usr/local/lib/slow_flush.so
systemctl daemon-reload
say patient systemctl start notes
say patient-state systemctl show notes -p ActiveState,ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic
systemctl stop notes
rm /etc/systemd/system/notes.service.d/slow.conf
systemctl daemon-reload
say socket-start systemctl start notes.socket
say socket-before systemctl show notes -P ActiveState
say socket ask
say socket-after show
journalctl --sync
say journal journalctl -u notes -o cat
say journal-fields journalctl -u notes -o export -n 400
systemctl stop notes.socket notes
rm -r /etc/systemd/system/notes.socket /etc/systemd/system/notes.service /etc/systemd/system/notes.service.d
service() { /usr/local/bin/burrow serve /etc/notes.json "$@"; }
cd /etc || exit # a relative settings file is made absolute
say install /usr/local/bin/burrow serve notes.json --install
say installed systemctl is-enabled notes
say installed-run grep ExecStart /etc/systemd/system/notes.service
say service-start service --start
say service-active systemctl is-active notes
say service-stop service --stop
say service-again service --start
say uninstall service --uninstall
say uninstalled systemctl is-active notes
say uninstall-again service --uninstall
say end true
