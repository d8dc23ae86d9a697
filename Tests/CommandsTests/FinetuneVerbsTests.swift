import Files
import TestSupport
import Testing

/// `aigc finetune DATA` as users run it: runs that are killed and go on.
@Suite(.enabled(if: program != nil, "build the product aigc first"), .serialized)
struct FinetuneVerbsTests {
  /// Small models, texts, rows and prompts, in `$folder`.
  private static let start = """
    folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
    yes 'the cat sees the dog.' | head -c 4000 >text.txt
    yes 'a dog hears it.' | head -c 3000 >other.txt
    for i in 1 2 3 4 5 6 7 8 9; do echo '{"prompt": "the cat", "completion": " sees the dog."}'; done >rows.jsonl
    echo '{"text": "a cat"}' >>rows.jsonl
    printf 'the\\ncat\\nthe dog\\nsees\\na cat\\nthe cat sees\\n' >prompts.txt
    "$AIGC" train gpt2 text.txt --layers 1 --heads 2 --width 16 --context 32 --tokens byte --steps 5 \
      --batch-size 4 --dropout 0.1 --seed 1 --out gpt2 -q >/dev/null || exit 8
    "$AIGC" train lstm text.txt --hidden 16 --layers 2 --context 16 --tokens byte --dropout 0.1 --steps 5 \
      --batch-size 4 --seed 1 --out lstm -q >/dev/null || exit 9
    """

  /// Killed ten times at any moment, and gone on with: the run has the files of one that was not.
  @Test(arguments: [
    ("other.txt --model gpt2 --context 12", "model.safetensors config.json"),
    ("rows.jsonl --model gpt2 --mask-prompt --grad-accum 2", "model.safetensors config.json"),
    ("other.txt --model lstm --context 8", "model.safetensors config.json"),
    (
      "prompts.txt --model gpt2 --lora --rank 2 --reward format:at --max-tokens 8 --num-generations 4",
      "adapter_model.safetensors adapter_config.json samples.jsonl"
    ),
  ]) func survivesBeingKilled(arguments: String, files: String) {
    let script = killedRun(
      start: Self.start,
      command:
        "finetune \(arguments) --batch-size 3 --steps 150 --save-every 1 --eval-every 7 --lr 0.003",
      kills: 10, files: files)
    #expect(bash(script) == 0, "\(arguments)")
  }

  /// The same of a student, which is killed while its teacher writes and says what it thinks, too.
  @Test(arguments: ["--samples 300 --max-tokens 20", "--kd-top-k 4"])
  func studentsSurviveBeingKilled(arguments: String) {
    let teacher = """
      \(Self.start)
      "$AIGC" train gpt2 text.txt --layers 2 --heads 2 --width 16 --context 32 --tokens byte --steps 20 \
        --batch-size 4 --seed 2 --out teacher -q >/dev/null || exit 7
      """
    let script = killedRun(
      start: teacher,
      command:
        "distill text.txt --teacher teacher --student gpt2 \(arguments) --batch-size 3 --steps 100 "
        + "--save-every 1 --eval-every 7 --lr 0.003",
      kills: 10, files: "model.safetensors config.json")
    #expect(bash(script) == 0, "\(arguments)")
  }

  /// What a run keeps is refused when it is to be another, in one line, and the verb that did not start it.
  @Test(arguments: [
    ("finetune other.txt --model gpt2 --context 13", "--context 13"),
    ("finetune other.txt --model lstm", "--model lstm"),
    ("finetune other.txt --model gpt2 --mask-prompt", "--mask-prompt"),
    ("finetune other.txt --model gpt2 --skip-bad-lines", "--skip-bad-lines"),
    ("finetune other.txt --model gpt2 --task summary", "--task summary"),
    ("finetune other.txt --model gpt2 --checkpoint-activations", "--checkpoint-activations"),
    ("finetune other.txt --model gpt2 --lora", "without --lora"),
    ("finetune other.txt --model gpt2 --reward length:3", "--reward"),
    ("finetune other.txt --model gpt2 --seed 9", "--seed 9"),
    ("finetune other.txt --model gpt2 --val-split 0.3", "--val-split 0.3"),
    ("train gpt2 other.txt", "did not start"),
  ]) func keepsItsSettings(arguments: String, words: String) {
    let script = """
      \(Self.start)
      "$AIGC" finetune other.txt --model gpt2 --context 12 --steps 2 --batch-size 2 --seed 3 --out run -q \
        >/dev/null || exit 10
      "$AIGC" \(arguments) --out run --resume --steps 4 -q >/dev/null 2>log
      code=$?; grep -qF -- '\(words)' log && test $code = 2 -a $(wc -l <log) = 1 || { cat log; exit 11; }
      "$AIGC" finetune other.txt --model gpt2 --context 12 --task text --resume --out run --steps 4 -q \
        >/dev/null || exit 12
      LC_ALL=C sed -i 's/texts/texis/' run/training.safetensors
      "$AIGC" finetune other.txt --model gpt2 --resume --out run --steps 6 -q >/dev/null 2>log
      test $? = 3 -a $(wc -l <log) = 1 || { cat log; exit 13; }
      """
    #expect(bash(script) == 0, "\(arguments)")
  }
}
