# Ends processes whose owner died without ending them. The owner holds our stdin: `+ pid` and `- pid`, one a line;
# the end of stdin is the owner's end, however it came.
trap '' INT TERM HUP
pids=' '
while read -r change pid; do
  case "$change" in
    +) pids="$pids$pid " ;;
    -) case "$pids" in *" $pid "*) pids="${pids%% "$pid" *} ${pids#* "$pid" }" ;; esac ;;
  esac
done
[ "$pids" = ' ' ] && exit 0
kill -TERM $pids 2>/dev/null
for tenth in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  kill -0 $pids 2>/dev/null || exit 0
  sleep 0.1
done
kill -KILL $pids 2>/dev/null
exit 0
