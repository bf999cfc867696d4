cd ~ && mkdir -p p && cd p
cat > t.toml <<X
version = 1
[limits]
memory = "64M"
processes = 20
X
cat > inner.sh <<'X'
cat /proc/self/cgroup
own=/sys/fs/cgroup$(sed 's/0:://' /proc/self/cgroup)
mkdir $own/leaf && echo $$ > $own/leaf/cgroup.procs && echo "+memory +pids" > $own/cgroup.subtree_control
snug plan -p ./t.toml -- true | grep "all together"
snug run -p ./t.toml -- sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; (echo 1 > /sys/fs/cgroup/pids.max) || echo kept'
echo "beside: status $?"; ls -d $own/snug-* 2>/dev/null; echo "left: none above"
snug run -p ./t.toml -- perl -e '$x = "a" x (200<<20); print "had\n"'; echo "status $?"
X
echo "--- below"
systemd-run --user --scope -q -p Delegate=yes -- snug plan -p ./t.toml -- true | grep "all together"
systemd-run --user --scope -q -p Delegate=yes -- snug run --stats -p ./t.toml -- sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max'
echo "below: status $?"
echo "--- beside"
systemd-run --user --scope -q -p Delegate=yes -- sh inner.sh
echo "--- by systemd, killed"
snug run --stats -p ./t.toml -- true; echo "status $?"
systemctl --user list-units --all --no-legend "*.scope" | cat
