#!/bin/bash
# Starts a SLURM of one node on this machine, reachable through loopback alone.
#   tests/slurm/up.sh DIR        everything it writes lies in DIR; then: export SLURM_CONF=DIR/slurm.conf
# Needs root and Debian's packages slurm-wlm and munge.
set -euo pipefail
dir=$(realpath -m "$1")
host=$(hostname -s)
mkdir -p "$dir"/{state,spool,log}
chmod 755 "$dir"

cat > "$dir/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.sock
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=${SLURM_TEST_PORT:-16827}
SlurmdPort=$((${SLURM_TEST_PORT:-16827} + 1))
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SchedulerParameters=sched_interval=2,bf_interval=2
KillWait=5
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc --all) RealMemory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$dir/slurm.conf

if [ ! -f "$dir/munge.key" ]; then
    (umask 077 && head -c 128 /dev/urandom > "$dir/munge.key")
fi
# A key of our own and a socket of our own: no other munge of the machine is touched.
munged --force --socket="$dir/munge.sock" --key-file="$dir/munge.key" --pid-file="$dir/munged.pid" \
    --log-file="$dir/log/munged.log" --seed-file="$dir/munged.seed"
slurmctld
slurmd -N "$host"

for _ in $(seq 60); do
    if sinfo --noheader --format=%T 2> /dev/null | grep -q idle; then
        exit 0
    fi
    sleep 0.5
done
echo "SLURM did not come up; see $dir/log" >&2
exit 1
