# What a guest of the lab does before and after the command; lab puts the variables before it and the command behind it.
# shellcheck shell=bash disable=SC2153,SC2154 # fs, modules and tools come from lab

read -r cmdline </proc/cmdline
LAB_NODE=${cmdline##*lab.node=}
export LAB_NODE=${LAB_NODE%% *}
[ "$LAB_NODES" = 1 ] || LAB_OUT=$LAB_OUT/$LAB_NODE
# One compiler tier in every JVM, not only in the agent's: with two CPUs code that goes from one tier to the next is patched
# by one while the other runs it, which QEMU's emulation does not take atomically (7.2: a report crashed at the entry of a
# method, 3 runs of 38). lab looks where a JVM crashed all the same.
export FAULTLINE_JAVA_OPTS="-XX:TieredStopAtLevel=1 -XX:ErrorFile=/run/lab/hs_err%p"
mkdir -p /lib/modules /run/mnt "$LAB_OUT"

# A node stays in the cluster until the other has ended as well: what it held would have to be recovered, without fencing.
end() { # STATUS
	echo "$1" >"/run/lab/status$LAB_NODE"
	if [ "$LAB_NODES" = 2 ]; then
		while [ ! -e /run/lab/status1 ] || [ ! -e /run/lab/status2 ]; do sleep 0.1; done
		cd /
		bounded 20 umount /run/mnt
		lab-barrier .unmounted 20 2>/dev/null
		cp /run/corosync.log "$LAB_OUT/.corosync.log" 2>/dev/null
	fi
	sync
	dmesg -n 1
	echo o >/proc/sysrq-trigger
	sleep 60
}

# Unlike timeout, gives up on a command that nothing can end.
bounded() { # SECONDS COMMAND...
	local deadline=$((SECONDS + $1)) pid
	shift
	"$@" >>"$LAB_OUT/.setup.log" 2>&1 &
	pid=$!
	while kill -0 $pid 2>/dev/null && [ $SECONDS -lt $deadline ]; do sleep 0.1; done
}

step() { # COMMAND...
	if ! "$@" >>"$LAB_OUT/.setup.log" 2>&1; then
		echo "lab: $*: failed" >&2
		tail -n 5 "$LAB_OUT/.setup.log" >&2
		end 125
	fi
}

until_true() { # SECONDS COMMAND...
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $deadline ] || return 1
		sleep 0.2
	done
}

# This version of the program aborts about once in ten times, on any machine: seen 5 of 42.
format_bcachefs() {
	local try
	for try in 1 2 3 4 5 6; do
		rm -f /run/image && truncate -s 512M /run/image
		run_bcachefs "$tools" format /run/image && return 0
		echo "bcachefs format: failed, try $try"
	done
	return 1
}

# When the time is over: tasks that sleep and cannot be interrupted, and where. Nothing here asks for a lock of theirs.
say_tasks() {
	local task stat
	until [ -e /run/lab/overdue ]; do sleep 1; done
	for task in /proc/[0-9]*/task/[0-9]*; do
		read -r stat <"$task/stat" 2>/dev/null || continue
		case ${stat##*) } in
		D*)
			echo "${stat%%)*}) does not get on in"
			sed 's/^/  /' "$task/stack"
			;;
		esac
	done >"/run/lab/new$LAB_NODE" 2>/dev/null
	mv "/run/lab/new$LAB_NODE" "/run/lab/tasks$LAB_NODE"
}

is_quorate() {
	corosync-quorumtool -s 2>/dev/null | grep -q '^Quorate: *Yes'
}

# dlm_controld tells the kernel the nodes' addresses some time after its start; without them a mount fails on 6.1.
is_dlm_ready() {
	dlm_tool status 2>/dev/null | grep -q 'quorate 1' && [ -e /sys/kernel/config/dlm/cluster/comms/1 ] && [ -e /sys/kernel/config/dlm/cluster/comms/2 ]
}

start_cluster() {
	step mount -t configfs nodev /sys/kernel/config
	step ip link set eth0 up
	step ip address add "10.99.0.$LAB_NODE/24" dev eth0
	mkdir -p /etc/corosync /var/lib/corosync /dev/misc
	cat >/etc/corosync/corosync.conf <<-CONF
	totem {
		version: 2
		cluster_name: lab
		transport: udpu
		token: 20000
	}
	nodelist {
		node {
			nodeid: 1
			ring0_addr: 10.99.0.1
		}
		node {
			nodeid: 2
			ring0_addr: 10.99.0.2
		}
	}
	quorum {
		provider: corosync_votequorum
		two_node: 1
		wait_for_all: 1
	}
	logging {
		to_syslog: no
		to_stderr: no
		to_logfile: yes
		logfile: /run/corosync.log
	}
	CONF
	ln -sf null /dev/console # where dlm_controld would say that it has started
	local name
	for name in dlm-control dlm-monitor dlm_plock; do ln -sf ../$name /dev/misc/$name; done
	step lab-barrier .booted 300
	step corosync
	step until_true 300 is_quorate
	step dlm_controld --enable_fencing 0 --enable_startup_fencing 0
	step until_true 300 is_dlm_ready
	step lab-barrier .joined 300
}

say_tasks &
ip link set lo up 2>/dev/null
ln -sfn /proc/self/fd /dev/fd # as udev does elsewhere
step mount --bind "$modules" /lib/modules
mount -t tracefs nodev /sys/kernel/tracing 2>/dev/null
mount -t debugfs nodev /sys/kernel/debug 2>/dev/null
modprobe loop 2>/dev/null
step modprobe "$fs"
if [ "$LAB_NODES" = 2 ]; then
	hostname "node$LAB_NODE"
	step modprobe -a virtio_blk virtio_net configfs dlm
	start_cluster
	step mount -t gfs2 /dev/vda /run/mnt
	step lab-barrier .mounted 300
else
	hostname lab
	truncate -s 512M /run/image
	case $fs in
	gfs2) step mkfs.gfs2 -q -p lock_nolock -j 1 -J 8 -O /run/image ;;
	btrfs) step mkfs.btrfs -q /run/image ;;
	bcachefs) step format_bcachefs ;;
	xfs) step mkfs.xfs -q /run/image ;;
	esac
	step mount -o loop -t "$fs" /run/image /run/mnt
	[ "$fs" != btrfs ] || chattr +C /run/mnt
fi
