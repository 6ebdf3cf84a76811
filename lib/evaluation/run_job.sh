#!/bin/sh
# One job of an evaluator: run_job.sh FOLDER COMMAND [ARGUMENT …]
#
# In the arguments {request} and {result} stand for the job's files, {gpu} for the GPU that it
# has; the request is on the standard input as well. Output and errors go to files of the job,
# the exit code to its file `exit` once all is over. A signal to end is passed on, and the end
# waited for. Nothing of a command is read by a shell: arguments stay what they are.
folder=$1
shift
# What was found by an attempt that was taken for lost is not looked for again.
[ -e "$folder/result.json" ] && exit 0
left=$#
while [ "$left" -gt 0 ]; do
  argument=$1
  shift
  left=$((left - 1))
  for name in request result gpu; do
    case $name in
      gpu) value=${EVALUATOR_GPU:-${SLURM_STEP_GPUS:-0}} ;;
      *) value=$folder/$name.json ;;
    esac
    case $argument in
      *"{$name}"*) argument=${argument%%"{$name}"*}$value${argument#*"{$name}"} ;;
    esac
  done
  set -- "$@" "$argument"
done

printf '%s\n' "$$" >"$folder/pid"
"$@" <"$folder/request.json" >>"$folder/output" 2>>"$folder/errors" &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM INT
while
  wait "$child"
  code=$?
  kill -0 "$child" 2>/dev/null
do :; done
printf '%s\n' "$code" >"$folder/exit.tmp"
mv "$folder/exit.tmp" "$folder/exit"
exit "$code"
