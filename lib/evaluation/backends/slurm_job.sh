#!/bin/sh
# A task of a SLURM array: slurm_job.sh RUN_JOB LIST COMMAND [ARGUMENT …]
#
# Its job is the line of the list that its number says; the rest is that of every job. SLURM
# signals this process alone, which becomes the one that passes signals on.
run_job=$1 list=$2
shift 2
folder=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$list")
exec sh "$run_job" "$folder" "$@"
