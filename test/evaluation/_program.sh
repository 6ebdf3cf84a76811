#!/bin/sh
# A program that trains nothing: _program.sh WAY LEDGER REQUEST [RESULT]. It writes down that it
# has begun and ended, and behaves as its WAY says.
way=$1 ledger=$2 request=$3 result=${4:-}
id=$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' "$request")
work=$(sed -n 's/.*"work_dir": *"\([^"]*\)".*/\1/p' "$request")
echo "begun $id" >>"$ledger"
begun=$(grep -c "begun $id" "$ledger")

ok() {
  printf '{"protocol":1,"id":"%s","status":"ok","validation_accuracy":0.75,"test_accuracy":0.5,"own":[1]}\n' "$1"
}
put() {
  cat >"$result.tmp" && mv "$result.tmp" "$result"
}
end() {
  echo "ended $id" >>"$ledger"
  exit "$1"
}

step=$(cat "$work/checkpoint" 2>/dev/null || echo 0)
# From its first progress on it may be stopped.
[ "$way" != careful ] || trap 'echo "$step" >"$work/checkpoint"; end 75' TERM

echo '{"event":"progress","epoch":1,"epochs":2,"train":0.5}'
echo "a line of a log"
case $way in
  ok) ok "$id" | put ;;
  slow) sleep 0.5; ok "$id" | put ;;
  print) ok "$id" ;;
  crash) echo "no such thing" >&2; end 3 ;;
  crash-once) [ "$begun" -gt 1 ] || end 3; ok "$id" | put ;;
  malformed) echo '{"protocol":1,' | put ;;
  other) ok "another" | put ;;
  above) ok "$id" | sed "s/:0\.75/:1.5/" | put ;;
  diverged) printf '{"protocol":1,"id":"%s","status":"failed","reason":"diverged","message":"loss is NaN","retryable":false}' "$id" | put ;;
  memory-once)
    if [ "$begun" -gt 1 ]; then ok "$id" | put
    else printf '{"protocol":1,"id":"%s","status":"failed","reason":"oom","retryable":true}' "$id" | put; fi ;;
  stops)
    if [ -e "$work/checkpoint" ]; then ok "$id" | put
    else
      trap 'echo saved >"$work/checkpoint"; end 75' TERM
      [ "$begun" -gt 1 ] || kill -TERM $$
      while :; do sleep 0.05; done
    fi ;;
  forever)
    trap 'end 75' TERM
    while :; do sleep 0.05; done ;;
  careful)
    if grep -q no_such_operation "$request"; then
      printf '{"protocol":1,"id":"%s","status":"failed","reason":"invalid_cell"}' "$id" | put
    else
      while [ "$step" -lt 20 ]; do step=$((step + 1)); sleep 0.05; done
      ok "$id" | put
    fi ;;
  silent) exec sleep 60 ;;
esac
end 0
