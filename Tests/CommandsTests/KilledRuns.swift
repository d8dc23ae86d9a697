import TestSupport

/// Runs a script with bash; `$AIGC` is the program.
/// - Returns: its exit code; nil: there is no shell.
func bash(_ script: String) -> Int32? {
  let file = "/tmp/aigc-script-$$"
  return shell(
    "cat >\(file) <<'END'\n\(script)\nEND\nAIGC=\"$AIGC\" bash \(file); code=$?; rm \(file); exit $code"
  )
}

/// A script that trains at once, into the folder `whole`, and in parts, killed at any moment and gone on with. It ends
/// with 0 where a run that was killed has the files of one that was not, and its log but for speeds and times.
/// - Parameters:
///   - start: what comes before.
///   - command: of the training, without the seed and the folder.
///   - kills: how often it is killed.
///   - files: names of what is compared beside the state of the run.
func killedRun(start: String, command: String, kills: Int, files: String) -> String {
  """
  \(start)
  # In the place of its shell, so that a kill meets the program itself.
  tune() { exec "$AIGC" \(command) -q "$@"; }
  (tune --seed 3 --out whole) >/dev/null || exit 10
  kills=0 tries=0
  tune --seed 3 --out parts >/dev/null 2>&1 & pid=$!
  while [ $kills -lt \(kills) -a $tries -lt 100 ]; do
    # Beyond the start of the program, and a few steps.
    sleep 0.$((RANDOM % 2))$((RANDOM % 10)); tries=$((tries + 1))
    kill -9 $pid 2>/dev/null && kills=$((kills + 1)); wait $pid 2>/dev/null
    if [ -f parts/training.safetensors ]; then
      tune --out parts --resume >/dev/null 2>&1 & pid=$!
    else
      rm -rf parts; tune --seed 3 --out parts >/dev/null 2>&1 & pid=$!
    fi
  done
  wait $pid
  [ $kills = \(kills) ] || exit 16
  (tune --out parts --resume) >/dev/null || exit 11
  for file in \(files) training.safetensors; do cmp whole/$file parts/$file || exit 12; done
  for run in whole parts; do
    sed 's/"items_per_second":[^,]*,"seconds":[^}]*//' $run/log.jsonl >$run.log
  done
  cmp whole.log parts.log || exit 13
  """
}
