#!/bin/bash
# Cancels all jobs of the SLURM that up.sh has started in DIR, and stops its three daemons.
#   tests/slurm/down.sh DIR
set -u
dir=$(realpath -m "$1")
export SLURM_CONF=$dir/slurm.conf
scancel --me 2> /dev/null
for _ in $(seq 40); do
    [ -z "$(squeue --noheader --me 2> /dev/null)" ] && break
    sleep 0.5
done
for daemon in slurmd slurmctld munged; do
    [ -s "$dir/$daemon.pid" ] || continue
    pid=$(cat "$dir/$daemon.pid")
    kill "$pid" 2> /dev/null
    for _ in $(seq 40); do
        kill -0 "$pid" 2> /dev/null || break
        sleep 0.25
    done
done
exit 0
