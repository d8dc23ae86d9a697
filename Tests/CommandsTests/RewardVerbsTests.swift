import Files
import TestSupport
import Testing

/// `aigc finetune PROMPTS --reward` as users run it.
@Suite(.enabled(if: program != nil, "build the product aigc first"), .serialized)
struct RewardVerbsTests {
  /// A small model and prompts, in `$folder`.
  private static let start = """
    folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
    yes 'the cat sees the dog.' | head -c 4000 >text.txt
    printf 'the\\ncat\\nthe dog\\nsees\\na cat\\nthe cat sees\\n' >prompts.txt
    "$AIGC" train gpt2 text.txt --layers 1 --heads 2 --width 16 --context 32 --steps 5 --batch-size 4 \
      --seed 1 --out model -q >/dev/null || exit 9
    """

  /// Killed twenty times at any moment, and gone on with: the run has the files of one that was not.
  @Test(arguments: ["grpo", "ppo"]) func survivesBeingKilled(algorithm: String) {
    let script = killedRun(
      start: Self.start,
      command: "finetune prompts.txt --model model --reward format:at --reward length:2-3 "
        + "--reward 'command:while read -r l; do echo ${#l}; done' --reward-weights 1,1,0.01 "
        + "--algorithm \(algorithm) --max-tokens 12 --num-generations 4 --batch-size 3 --steps 60 --save-every 1 "
        + "--eval-every 7 --lr 0.003",
      kills: 20, files: "model.safetensors config.json samples.jsonl")
    #expect(bash(script) == 0)
  }

  /// Ctrl-C in the midst of a step, while a program is waited for too: what was done is saved.
  @Test(arguments: ["length:2-3", "command:sleep 60"]) func ctrlCSaves(reward: String) {
    let script = """
      \(Self.start)
      timeout --preserve-status -s INT -k 8 2 "$AIGC" finetune prompts.txt --model model --reward '\(reward)' \
        --max-tokens 12 --steps 100000 --eval-every 0 --seed 3 --out run -q >/dev/null 2>log
      code=$?; test $code = 130 || { cat log; exit 14; }
      test -s run/model.safetensors -a -s run/training.safetensors || exit 15
      """
    #expect(shell(script) == 0)
  }

  /// One line, and no folder.
  @Test(arguments: [
    (
      "prompts.txt --model model --reward 'command:exit 3' --max-tokens 12", "1",
      "ended with exit code 3"
    ),
    (
      "prompts.txt --model model --reward 'command:echo no; cat' --max-tokens 12", "1",
      "is no number"
    ),
    ("none.txt --model model --reward length:3", "3", "none.txt"),
    ("empty.txt --model model --reward length:3", "3", "no prompts"),
    ("bad.jsonl --model model --reward length:3", "3", "line 1"),
    (
      "prompts.txt --model model --reward length:3 --max-tokens 32", "3",
      "--max-tokens 32 do not fit"
    ),
    ("prompts.txt --model text.txt --reward length:3", "3", "text.txt"),
    ("prompts.txt text.txt --model model --reward length:3", "2", "one file of prompts"),
    ("prompts.txt --model model --reward sentiment:model:positive", "4", "no classifier of texts"),
    ("prompts.txt --model model --reward 'format:(a'", "2", "--reward format: character 3"),
    ("unknown.txt --model model --reward length:3 --max-tokens 12", "4", "line 2"),
    (
      "prompts.txt --model model --reward length:3 --lr 1e30 --steps 50 --max-tokens 12", "5",
      "finite"
    ),
  ])
  func failsInOneLine(arguments: String, code: String, words: String) {
    let script = """
      \(Self.start)
      : >empty.txt; echo x >bad.jsonl; printf 'the\\nXYZ\\n' >unknown.txt
      "$AIGC" finetune \(arguments) --seed 1 --out run -q >/dev/null 2>log
      code=$?; grep -qF -- '\(words)' log && test $code = \(code) -a $(wc -l <log) = 1 && exit 0
      cat log; echo "$code"; exit 1
      """
    #expect(shell(script) == 0, "\(arguments)")
  }
}
