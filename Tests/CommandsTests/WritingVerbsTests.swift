import Files
import Testing

/// What the program writes, and what it must not write over: each script runs in a folder of its own with
/// images, a text and its n-gram model in it, and ends with 0 where all is right.
@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct WritingVerbsTests {
  private func run(_ script: String) -> Int32? {
    shell(
      """
      set -e; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
      code() { expected=$1; shift; got=0; "$@" >out 2>err || got=$?
        test $got = $expected || { echo "$* gave $got:"; cat err; false; }; }
      printf 'the cat sat\\nthe dog sat\\na cat ran\\na dog ran\\n' >text
      "$AIGC" train ngram text --out model -q >/dev/null 2>&1
      cp -r model kept; mkdir in
      "$AIGC" sample gan --num 3 --seed 1 --outdir in -q >/dev/null
      mv in/seed0001.png in/0001.png; mv in/seed0002.png in/0002.png; mv in/seed0003.png in/0003.png
      cp in/0001.png a.png; cp in/0002.png b.png; ln -s a.png soft.png; ln a.png hard.png
      cp -r in kept-in; cp a.png kept.png; cp text kept.txt; printf '{"n": 3}' >conf
      cp a.png plain; ln -s a.png plain-link
      same() { diff -r in kept-in && cmp a.png kept.png && cmp plain kept.png && cmp text kept.txt && diff -r model kept; }
      \(script)
      same
      """)
  }

  /// Each writes over what it reads, in one spelling or another: refused with code 2, nothing changed.
  private static let overInputs = [
    "encode vae a.png -o a.png", "encode vae a.png -o ./soft.png", "encode vae hard.png -o a.png",
    "encode vae in -o in/0001.png", "encode vae a.png b.png --out ../${PWD##*/}/b.png",
    "reconstruct vae in --outdir in", "reconstruct vae in --outdir ./in/deeper",
    "reconstruct vae in/0001.png --outdir in/", "reconstruct vae a.png -o hard.png",
    "reconstruct vae soft.png -o a.png",
    "sample vae --interpolate a.png b.png -o b.png", "sample vae --model vae --map -o in",
    "generate text -m model -f text -o text", "generate text -m model --copy-report text -o text",
    "generate text -m model -o model/model.ngram", "generate text -m model -o model",
    "tokenize --model model text -o text", "detokenize --model model text -o text",
    "score model text -o text", "score vae in -o out.txt --roc in/0001.png",
    "score vae in -o x.png --roc x.png", "train ngram text --arpa text --out new",
    "train ngram text --val in/0001.png --arpa in/0001.png --out new",
    "train ngram model/config.json --out model --force", "quantize model model --force",
    "quantize model ./model/ --force", "interpolate model model --weights 1,1 -o model --force",
    "convert model model --force", "convert model model/model.ngram",
    "update model text --out in --force", "update model model/config.json",
    "train ngram text --out in --force", "train gan in --out in/run --steps 1",
    "train gan in --out in --force --steps 1",
    "generate text --config conf -o conf -m model", "encode vae plain -o ./plain",
    "encode vae a.png --out plain-link",
  ]

  @Test func noInputIsWrittenOver() {
    // One folder for all: each leaves it as it was.
    let lines = Self.overInputs.map { "code 2 \"$AIGC\" \($0); same" }
    #expect(run(lines.joined(separator: "\n")) == 0)
  }

  /// Names that say something else than what would be in the file: refused; those that fit: written so.
  @Test func endingsFitWhatIsWritten() {
    #expect(
      run(
        """
        code 2 "$AIGC" encode vae a.png -o out.jpg
        code 2 "$AIGC" encode vae a.png -o out.aigl.gz
        code 2 "$AIGC" reconstruct vae a.png -o out.gif
        code 2 "$AIGC" sample gan --num 1 -o out.webp
        code 2 "$AIGC" generate text -m model -o out.gz -n 3
        code 2 "$AIGC" generate text -m model --json -o out.csv -n 3
        code 2 "$AIGC" score model text -o out.csv
        code 2 "$AIGC" tokenize --model model text -o out.zip
        code 2 "$AIGC" train ngram text --out new.arpa
        code 2 "$AIGC" train ngram text --out new --arpa new.png
        code 2 "$AIGC" convert model new.gz
        code 2 "$AIGC" quantize model new.bz2
        test ! -e new
        code 0 "$AIGC" sample gan --num 1 -o out.JPEG -q
        head -c 2 out.JPEG | od -An -tx1 | grep -q 'ff d8'
        code 0 "$AIGC" encode vae a.png -o out.SAFETENSORS -q
        head -c 9 out.SAFETENSORS | tail -c 1 | grep -q '{'
        code 0 "$AIGC" convert model out.ARPA.GZ
        head -c 2 out.ARPA.GZ | od -An -tx1 | grep -q '1f 8b'
        """) == 0)
  }

  /// Devices, FIFOs, open descriptors and links, for every verb with a file to write.
  @Test(arguments: [
    "encode vae a.png -q -o", "reconstruct vae a.png -q -o", "sample gan --num 1 --seed 1 -q -o",
    "generate text -m model -n 3 --seed 1 -q -o", "tokenize --model model text -o",
    "detokenize --model model 3 4 -o", "score model text -o", "convert model",
  ])
  func outputsThatAreNoPlainFiles(_ arguments: String) {
    // Names that end as they should, for links: they lead to plain files.
    let ending =
      arguments.hasPrefix("convert")
      ? "arpa" : arguments.hasPrefix("sample") || arguments.hasPrefix("recon") ? "png" : "txt"
    #expect(
      run(
        """
        code 0 "$AIGC" \(arguments) /dev/null; test -c /dev/null
        code 1 "$AIGC" \(arguments) /dev/full; test -c /dev/full; test "$(wc -l <err)" = 1
        mkfifo fifo; cat fifo >through & code 0 "$AIGC" \(arguments) fifo; wait; test -p fifo
        test -s through
        "$AIGC" \(arguments) /dev/stdout >direct 2>/dev/null; cmp direct through
        "$AIGC" \(arguments) /dev/fd/5 5>fifth 2>/dev/null >/dev/null; cmp fifth through
        mkdir far; ln -s far/real.\(ending) link.\(ending)
        code 0 "$AIGC" \(arguments) link.\(ending); test -L link.\(ending); test -s far/real.\(ending)
        code 0 "$AIGC" \(arguments) link.\(ending); test -L link.\(ending)
        cmp far/real.\(ending) through
        test "$(ls far)" = real.\(ending)
        rm -r far
        \(arguments.hasPrefix("convert") ? "" : "mkdir far.d; code 2 \"$AIGC\" \(arguments) far.d")
        """) == 0)
  }

  @Test func otherOutputsThatAreNoPlainFiles() {
    #expect(
      run(
        """
        code 0 "$AIGC" train ngram text --out new --arpa /dev/null; test -c /dev/null
        code 1 "$AIGC" train ngram text --out new2 --arpa /dev/full; test -c /dev/full
        ln -s place models; code 0 "$AIGC" train ngram text --out models -q
        test -L models; test -f place/config.json
        code 0 "$AIGC" update models text; test -L models
        code 0 "$AIGC" quantize model models --force; test -L models; test -f place/config.json
        code 2 "$AIGC" train ngram text --out /dev/null; test -c /dev/null
        code 2 "$AIGC" train ngram text --out text --force
        (ulimit -f 8; code 1 "$AIGC" sample gan --num 100 -o large.png)
        test ! -e large.png; test -z "$(ls | grep tmp- || true)"
        mkdir photos; touch photos/1.jpg; code 2 "$AIGC" train ngram text --out photos --force
        test -f photos/1.jpg
        """) == 0)
  }

  /// Files that the program did not write outlive the model beside them; another program's model is left
  /// alone, and with it what only looks like one.
  @Test func onlyWhatTheProgramWroteIsReplaced() {
    #expect(
      run(
        """
        cp -r model mine; echo notes >mine/notes.md; echo a >mine/photo.png; echo b >mine/.hidden
        kept() { test "$(cat mine/notes.md mine/photo.png mine/.hidden | tr '\n' ' ')" = 'notes a b '; }
        code 0 "$AIGC" update mine text -q; kept
        code 0 "$AIGC" train lstm kept.txt --tokens char --hidden 8 --context 4 --steps 1 --out mine --force -q
        kept; test ! -e mine/model.ngram; test ! -e mine/counts.ngram
        for config in '{"model_type": "gpt2"}' '{"family": "Smith", "kind": "recipe"}'; do
          rm -rf other; mkdir other; echo "$config" >other/config.json; echo a >other/model.safetensors
          code 2 "$AIGC" train ngram text --out other --force; test "$(ls other | wc -l)" = 2
        done
        test -z "$(ls | grep -e tmp- -e old- || true)"
        """) == 0)
  }

  /// Both are done, one after the other: nothing of either is lost.
  @Test func twoUpdatesBothCount() {
    #expect(
      run(
        """
        cp -r model both
        "$AIGC" update both text -q & first=$!; "$AIGC" update both text -q; wait $first
        grep -q '"training_tokens" : 36' both/config.json; test "$(ls both)" = "$(ls model)"
        test -z "$(ls | grep -e tmp- -e old- || true)"
        """) == 0)
  }

  @Test func oneTrainingInAFolder() {
    #expect(
      run(
        """
        more='-q --tokens char --hidden 8 --context 4 --eval-every 0 --out run'
        "$AIGC" train lstm kept.txt $more --steps 100000 2>errors >/dev/null & first=$!
        for i in $(seq 1000); do test ! -f run/log.jsonl || break; sleep 0.02; done
        for how in --resume --force; do
          code 1 "$AIGC" train lstm kept.txt $more --steps 10 $how; cat err >>errors
        done
        test "$(grep -c 'another aigc is writing' errors)" = 2; test "$(wc -l <errors)" = 2
        kill -KILL $first; wait $first || true
        code 0 "$AIGC" train lstm kept.txt --out run --resume --steps 3 -q; test -f run/loss.png
        """) == 0)
  }

  @Test func finishedWorkNeedsNoStandardOutput() {
    #expect(
      run(
        """
        "$AIGC" train ngram text --out new >&-
        "$AIGC" update new text >&-
        "$AIGC" quantize model small >&-
        "$AIGC" sample gan --num 1 -o img.png >&-
        "$AIGC" train lstm kept.txt --tokens char --hidden 8 --context 4 --steps 2 --out run >&-
        "$AIGC" train lstm kept.txt --out run --resume >&-
        if "$AIGC" generate text -m model -n 2 >&- 2>/dev/null; then false; fi
        """) == 0)
  }

  /// What a run counts is the same with breaks, and what it draws is there in the end.
  @Test(arguments: [
    "lstm kept.txt --tokens char --hidden 8 --context 4 --batch-size 2",
    "gpt2 kept.txt --tokens byte --width 8 --layers 1 --heads 1 --context 4",
    "gan in --batch-size 2 --width 8", "vae in --batch-size 2",
    "classifier classes --batch-size 2 --stages 4 --hidden 4",
  ])
  func breaksLeaveNothingBehind(_ arguments: String) {
    let words = arguments.split(separator: " ").map { String($0) }
    let size = arguments.hasPrefix("gpt2") || arguments.hasPrefix("lstm") ? "" : "--image-size 28"
    // GANs hold nothing out.
    let split = arguments.hasPrefix("gan") ? "" : "--val-split 0"
    #expect(
      run(
        """
        mkdir -p classes/a classes/b; cp in/0001.png in/0002.png classes/a; cp in/0003.png classes/b
        train() {
          "$AIGC" train \(words[0]) \(words[1]) \(split) -q "$@" >/dev/null 2>err || { cat err; false; }
        }
        more="\(words.dropFirst(2).joined(separator: " ")) \(size) --seed 1 --schedule constant"
        train --out whole --steps 6 $more; train --out parts --steps 2 $more
        for steps in 4 6; do train --out parts --steps $steps --resume; done
        for file in whole/config.json whole/*.safetensors; do
          test ${file#*/} = training.safetensors || cmp $file parts/${file#*/}
        done
        grep -q -e '"training_tokens" *: *[0-9]' -e '"training_pictures" *: *[0-9]' parts/config.json
        images=$(ls parts | grep png); rm parts/*.png
        train --out parts --steps 6 --resume; test "$(ls parts | grep png)" = "$images"
        for file in parts/*.png; do test "$file" = parts/loss.png || cmp $file whole/${file#*/}; done
        """) == 0)
  }
}
