import TestSupport
import Testing

/// Ctrl-C in the midst of long inputs: every loop over what a user gave answers soon. What `timeout` has to
/// kill ends with 137.
@Suite(.enabled(if: program != nil, "build the product aigc first"), .serialized)
struct InterruptionTests {
  /// What a text of one line, of one word, of many lines and of ids is read by.
  @Test(arguments: [
    "tokenize --vocab BPE one", "tokenize --vocab BPE word", "tokenize --vocab BPE --json lines",
    "tokenize -m shakespeare lines", "tokenize -m english one", "detokenize --vocab BPE ids",
    "score english one", "evaluate english one", "score shakespeare lines",
    "generate text -m shakespeare -f lines -n 3", "next shakespeare lines",
    "generate text -m english -f one -n 3", "next english one",
    "train lstm one --tokens bpe --out model", "train lstm table --task forecast --out model",
    "finetune lines --model shakespeare --out model",
    "finetune lines --model shakespeare --reward length:3 --max-tokens 4 --out model",
  ])
  func answersSoon(arguments: String) {
    let vocabulary = fixture("bpe", of: "DatasetsTests")
    let command = arguments.split(separator: "BPE").joined(separator: vocabulary)
    let script = """
      folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
      yes 'the cat sees the dog' | head -c 6000000 >lines
      tr '\\n' ' ' <lines >one; tr -d '\\n ' <lines >word
      yes '5 17 3 9' | head -c 6000000 >ids; yes '1,2.5,3' | head -c 6000000 >table
      timeout --preserve-status -s INT -k 8 0.6 "$AIGC" \(command) >/dev/null 2>log
      code=$?; test $code = 130 -o $code = 0 || { cat log; exit $code; }
      """
    #expect(shell(script) == 0, "\(arguments)")
  }
}
