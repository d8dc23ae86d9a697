import Testing

/// The program under limits of the system, and without parts of it.
@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct VerbsLimitsTests {
  /// Commands of all kinds: a shell's function, so that each can be run under many limits. $1 is the command,
  /// the folder has images and a text.
  private let commands = """
    run() {
      case $1 in
      gan|vae|dcgan) set -- sample $1 --out o.png --num 4 --seed 1;;
      train-gpt2) set -- train gpt2 text --steps 1 --tokens char --layers 1 --width 32 --heads 1 \\
        --context 16 --batch-size 2 --out m --force;;
      train-lstm) set -- train lstm text --steps 1 --hidden 32 --layers 1 --context 16 \\
        --batch-size 2 --out m --force;;
      train-ngram) set -- train ngram text --order 3 --out m --force;;
      train-dcgan) set -- train dcgan images --steps 1 --batch-size 4 --out m --force;;
      train-*) set -- train ${1#train-} images --steps 1 --batch-size 8 --out m --force;;
      classify) set -- classify images;;
      text) set -- generate text --model english -n 5 --seed 1;;
      esac
      exec timeout 20 "$AIGC" "$@" -q
    }
    """

  /// Limits of address space in kB at which old programs span, trapped or called a model damaged.
  @Test(arguments: [
    "gan", "vae", "dcgan", "train-gpt2", "train-gan", "train-vae", "train-lstm",
    "train-classifier", "train-dcgan", "classify", "train-ngram", "text",
  ])
  func addressSpace(command: String) {
    let script = """
      \(commands)
      cd "$(mktemp -d)" || exit 9
      trap 'rm -rf "$PWD"' EXIT
      mkdir -p images/an images/b
      "$AIGC" sample gan --outdir images/a --num 10 --seed 3 -q >/dev/null || exit 10
      "$AIGC" sample vae --outdir images/b --num 10 --seed 3 -q >/dev/null || exit 11
      for i in $(seq 200); do echo "line $i of some text to learn from, with $i words"; done >text
      for limit in 105000 150000 230000 320000; do
        (ulimit -v $limit; run \(command)) >/dev/null 2>err
        code=$?
        grep -q 'loading shared libraries' err && continue
        test $code = 0 && continue
        test $code = 1 || { echo "$limit: $code"; cat err; exit 12; }
        test "$(wc -l <err)" = 1 || { cat err; exit 13; }
        test -z "$(ls -d m.tmp-* o.png.tmp-* 2>/dev/null)" || { ls; exit 14; }
      done
      """
    #expect(shell(script) == 0)
  }

  /// A model larger than what is left of address space is not damaged.
  @Test func aModelThatCannotBeMapped() {
    let script = """
      cd "$(mktemp -d)" || exit 9
      trap 'rm -rf "$PWD"' EXIT
      truncate -s 3G big.safetensors
      (ulimit -v 1000000; "$AIGC" inspect big.safetensors) 2>err; test $? = 1 || exit 10
      grep -q 'out of memory' err || exit 11
      """
    #expect(shell(script) == 0)
  }

  /// The first signal asks; the second ends, whatever the process does.
  @Test(arguments: ["TERM", "INT"]) func theSecondSignalEnds(signal: String) {
    let script = """
      cd "$(mktemp -d)" || exit 9
      trap 'rm -rf "$PWD"' EXIT
      mkfifo pipe
      "$AIGC" evaluate english pipe -q 2>/dev/null &
      sleep 0.3; kill -\(signal) $!; sleep 0.1; kill -\(signal) $! 2>/dev/null
      for i in $(seq 20); do kill -0 $! 2>/dev/null || break; sleep 0.05; done
      kill -KILL $! 2>/dev/null && exit 10
      wait $!; test $? = 130
      """
    #expect(shell(script) == 0)
  }

  @Test func threadsFollowTheAffinityMask() {
    let script = """
      command -v taskset >/dev/null || { echo "skipped: no taskset"; exit 0; }
      first=$(taskset -pc $$ | sed 's/.*: *//; s/[-,].*//')
      taskset -c $first "$AIGC" --version | grep -q '; 1 thread$' || exit 10
      taskset -c $first "$AIGC" bench memory-read --seconds 0 | grep -q '"threads":1[^0-9]' || exit 11
      taskset -c $first "$AIGC" bench memory-read --seconds 0 -t 3 | grep -q '"threads":3' || exit 12
      """
    #expect(shell(script) == 0)
  }

  /// Under an empty file system in the place of /proc, called by an absolute path, a relative one, by
  /// PATH and through a link.
  @Test func withoutProc() {
    let script = """
      unshare -m mount -t tmpfs none /proc 2>/dev/null || { echo "skipped: needs root"; exit 0; }
      cd "$(mktemp -d)" || exit 9
      trap 'rm -rf "$PWD"' EXIT
      ln -s "$AIGC" link
      export AIGC
      unshare -m bash -c '
        mount -t tmpfs none /proc && test ! -e /proc/self || exit 10
        test "$("$AIGC" generate text --model english -n 3 --seed 1 -q)" || exit 11
        "$AIGC" genrate 2>/dev/null; test $? = 2 || exit 12
        "$AIGC" --version | grep -q "CPU x86-64: x86-64-v[34];\\|CPU arm64" || exit 13
        ./link sample gan --num 1 --seed 1 -o a.png -q >/dev/null || exit 14
        PATH="$PATH:${AIGC%/*}" aigc sample gan --num 1 --seed 1 -o b.png -q >/dev/null || exit 15
        cd "${AIGC%/*}" && ./aigc classify "$OLDPWD/a.png" -q >/dev/null || exit 16
        cmp "$OLDPWD/a.png" "$OLDPWD/b.png"
      '
      """
    #expect(shell(script) == 0)
  }
}
