#!/bin/sh
# The first process of the machine that test_limits.py boots. Each part of what it prints stands behind a line "@@ name".
/bin/busybox --install -s /bin 2>/tmp/installed # what is there stays
export PATH=/bin
exec 2>&1
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
ip link set lo up
tree=/sys/fs/cgroup
echo "+cpu +memory +pids" >$tree/cgroup.subtree_control
mkdir $tree/given $tree/given-not $tree/given-not/deep $tree/some
echo "+cpu +pids" >$tree/some/cgroup.subtree_control
mkdir $tree/some/angel
echo "+cpu +memory +pids" >$tree/given/cgroup.subtree_control
mkdir $tree/given/angel # a name as good as any

# Runs the angel in a cgroup until what it was asked about shows, or for 30 s.
angel() { # CGROUP STATE UNTIL...
    in=$1 state=$2
    shift 2
    sh -c "echo 0 >$in/cgroup.procs && exec burrow angel run --settings /etc/angel.json --state $state" >>/log/angel.log 2>&1 &
    angel=$!
    patience=300
    while [ $patience -gt 0 ] && ! "$@" >/dev/null; do
        sleep 0.1
        patience=$((patience - 1))
    done
    [ $patience -gt 0 ] || cat /log/angel.log
}

seen() { # STATE WORDS...: an event of each kind
    state=$1
    shift
    burrow ctl events --state "$state" --json >/tmp/events
    for words in "$@"; do
        grep -q "$words" /tmp/events || return 1
    done
}

limited() {
    seen /state '"kind":"report".*hog' && grep -q fork /log/fork.log && ! grep -q 'nr_throttled 0' "$tree"/given/angel/burrow-*/spin.*/cpu.stat
}

mkdir /state /state2
echo 200000000 >$tree/given/memory.max # what "greedy" gets to feel, who has no limit of its own
angel $tree/given/angel /state limited
echo "@@ why"
burrow ctl why hog --state /state
echo "@@ events"
burrow ctl events --state /state --json
echo "@@ crash"
cat /state/crash/hog-*
echo "@@ files"
for f in "$tree"/given/angel/burrow-*/*/*.max; do echo "${f#"$tree"/given/angel/burrow-*/} $(cat "$f")"; done
echo >/go # for "greedy"
patience=300
while [ $patience -gt 0 ] && ! seen /state '"kind":"report".*greedy'; do
    sleep 0.1
    patience=$((patience - 1))
done
echo "@@ crash above"
cat /state/crash/greedy-*
echo "@@ fork.log"
cat /log/fork.log
burrow ctl stop fork --state /state
echo "@@ fork.left"
cat "$tree"/given/angel/burrow-*/fork.*/cgroup.procs 2>&1
echo "@@ fork.done"
kill $angel
wait $angel
status=$?
echo "@@ end"
echo $status
echo "@@ groups"
find $tree/given/angel -type d

angel $tree/given-not/deep /state2 seen /state2 unlimited
echo "@@ not given"
burrow ctl events hog --state /state2 --json
burrow ctl events spin --state /state2 --json
echo "@@ not given, why"
burrow ctl why spin --state /state2
kill $angel
wait $angel

some() {
    seen /state3 '"unit":"hog","kind":"unlimited"' '"unit":"spin","kind":"started"' '"unit":"fork","kind":"started"'
}
mkdir /state3
rm /go
angel $tree/some/angel /state3 some
echo "@@ some"
burrow ctl events --state /state3 --json
echo "@@ some, files"
for f in "$tree"/some/angel/burrow-*/*/*.max; do echo "${f#"$tree"/some/angel/burrow-*/} $(cat "$f")"; done
kill $angel
wait $angel

# A server sizes itself by the least of its groups: in the first by none, in the other by those of the group above.
mkdir $tree/box
echo "+cpu +memory" >$tree/box/cgroup.subtree_control
mkdir $tree/box/in
echo "50000 100000" >$tree/box/cpu.max
echo 134217728 >$tree/box/memory.max
echo 300000000 >$tree/box/in/memory.max
for in in $tree/given-not $tree/box/in; do
    data=/data$(echo "$in" | tr / -)
    : >"$data.said" # its own: that of the one before says "ready"
    sh -c "echo 0 >$in/cgroup.procs && exec burrow serve /etc/notes.json --data $data --run" >"$data.said" 2>&1 &
    server=$!
    patience=300
    while [ $patience -gt 0 ] && ! grep -q '"ready"' "$data.said"; do
        sleep 0.1
        patience=$((patience - 1))
    done
    echo "@@ sizes in ${in#"$tree"/}"
    cat "$data.said"
    grep Threads: "/proc/$server/status"
    kill $server
    wait $server
done
echo "@@ the end"
poweroff -f
