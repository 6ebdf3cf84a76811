#!/bin/sh
# A task of a SLURM array: slurm_job.sh RUN_JOB LIST COMMAND [ARGUMENT …]
#
# Its job is the line of the list that its number says; the rest is that of every job. SLURM
# signals this process alone, which becomes the one that passes signals on.
run_job=$1 list=$2
shift 2
folder=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$list")
# A tool that was killed as it submitted may have been followed by one that submitted again.
[ "$(cat "$folder/slurm")" = "$SLURM_JOB_NAME $SLURM_ARRAY_TASK_ID" ] || exit 0
exec sh "$run_job" "$folder" "$@"
