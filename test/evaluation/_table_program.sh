#!/bin/sh
# A program that looks accuracies up: _table_program.sh FOLDER SECONDS REQUEST RESULT. It writes down that
# it has begun and ended, sleeps a little, and answers as its table says; one cell in twenty fails.
folder=$1 seconds=$2 request=$3 result=$4
id=$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' "$request")
echo "begun $id" >>"$folder/ledger"
trap 'exit 75' TERM
sleep "$seconds"
line=$(grep "^$id " "$folder/table")
case ${line#* } in
  fails) body='"status":"failed","reason":"diverged","message":"as the table says"' ;;
  *) body="\"status\":\"ok\",\"validation_accuracy\":${line#* }" ;;
esac
printf '{"protocol":1,"id":"%s",%s}' "$id" "$body" >"$result.tmp" && mv "$result.tmp" "$result"
echo "ended $id" >>"$folder/ledger"
