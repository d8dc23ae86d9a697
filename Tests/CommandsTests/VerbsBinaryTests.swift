import TestSupport
import Testing

@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct VerbsBinaryTests {
  private static let fixtures = fixture("images", of: "DatasetsTests")

  @Test(arguments: [
    ("--version >/dev/null", 0), ("--help >/dev/null", 0), ("models --json >/dev/null 2>&1", 0),
    ("completion bash >/dev/null", 0), ("genrate 2>/dev/null", 2),
    ("generate text --temprature 1 2>/dev/null", 2), ("models extra 2>/dev/null", 2),
    ("generate text --top-k -5 2>/dev/null", 2), ("inspect /none/such 2>/dev/null", 3),
    ("generate text --config /none/such 2>/dev/null", 3),
  ])
  func exitCodes(arguments: String, code: Int32) {
    #expect(shell("\"$AIGC\" \(arguments)") == code)
  }

  @Test func fullDiskAndClosedOutput() {
    #expect(shell("\"$AIGC\" --version >/dev/full 2>/dev/null") == 1)
    #expect(shell("\"$AIGC\" --version >&- 2>/dev/null") == 1)
  }

  @Test func closedPipeEndsQuietly() {
    let script = """
      exec 3>&1; set -- $( { { "$AIGC" completion bash 2>&4; echo $? >&3; } | true; } 3>&1 4>&1 )
      test "$*" = 0
      """
    #expect(shell(script) == 0)
  }

  @Test func nearestNamesAreNamed() {
    #expect(shell("\"$AIGC\" genrate 2>&1 | grep -q \"did you mean 'generate'\"") == 0)
    #expect(
      shell("\"$AIGC\" generate text --temprature 1 2>&1 | grep -q \"'--temperature'\"") == 0)
  }

  @Test func standardOutputCarriesOnlyTheAnswer() {
    #expect(shell("test -z \"$(\"$AIGC\" inspect /none/such 2>/dev/null)\"") == 0)
  }

  /// With the bundled models, and for any number of threads.
  @Test(arguments: ["gan", "dcgan", "vae", "vaegan", "stylegan"])
  func samplesAreImages(kind: String) {
    let script = """
      set -e; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
      "$AIGC" sample \(kind) --out img.png --seed 3 --num 9 -q >/dev/null
      "$AIGC" sample \(kind) -o - --seed 3 --num 9 --threads 1 -q >again.png
      cmp img.png again.png; head -c 8 img.png | od -An -tx1 | grep -q '89 50 4e 47 0d 0a 1a 0a'
      "$AIGC" sample \(kind) --seeds 4,6 --outdir many -q >/dev/null
      test -f many/seed0004.png; test -f many/seed0006.png
      test "$("$AIGC" classify many -q | wc -l)" = 2
      """
    #expect(shell(script) == 0)
  }

  /// The bundled translators, both ways: another image of the same size.
  @Test(arguments: ["AtoB", "BtoA"]) func translationsAreImages(direction: String) {
    let script = """
      set -e; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
      "$AIGC" sample stylegan --seed 3 --num 1 --scale 2 -o in.png -q >/dev/null
      "$AIGC" translate cyclegan in.png --direction \(direction) -o out.png -q >/dev/null
      size() { od -An -tx1 -j 16 -N 8 "$1"; }
      test "$(size in.png)" = "$(size out.png)"; ! cmp -s in.png out.png
      """
    #expect(shell(script) == 0)
  }

  @Test(arguments: [
    ("sample dcgan --class 3 -o /dev/null 2>/dev/null", 2),
    ("sample gan --model classifier -o /dev/null 2>/dev/null", 4),
    ("sample gan -o /none/such/img.png 2>/dev/null", 1), ("train dcgan /none/such 2>/dev/null", 3),
    ("classify /none/such.png 2>/dev/null", 3), ("train gan --image-size 0 . 2>/dev/null", 2),
    ("evaluate dcgan /none/such 2>/dev/null", 3), ("score gan /none/such 2>/dev/null", 4),
    ("score vae /none/such 2>/dev/null", 3), ("train vae --vq --beta 2 . 2>/dev/null", 2),
    ("sample gan --interpolate a.png b.png -o /dev/null 2>/dev/null", 2),
  ])
  func exitCodesOfImages(arguments: String, code: Int32) {
    #expect(shell("\"$AIGC\" \(arguments)") == code)
  }

  /// Images to a file and back, and what is refused.
  @Test(arguments: ["--latent 3", "--vq --codes 8 --code-dim 4"])
  func compression(flags: String) {
    let layers = flags.contains("vq") ? "4,4" : "16"
    let script = """
      cd "$(mktemp -d)" || exit 9
      trap 'rm -rf "$PWD"' EXIT
      "$AIGC" sample gan --outdir images --num 12 --seed 3 -q >/dev/null || exit 10
      for seed in 1 2; do
        "$AIGC" train vae images \(flags) --layers \(layers) --steps 2 --batch-size 4 \
          --seed $seed --out model$seed -q >/dev/null || exit 11
      done
      "$AIGC" encode model1 images --out file.aigl --json -q | grep -q '"pictures":12' || exit 12
      "$AIGC" encode model1 images --out file.safetensors -q >/dev/null || exit 13
      "$AIGC" reconstruct model1 file.aigl --out sheet.png -q >/dev/null || exit 14
      "$AIGC" reconstruct model1 file.aigl --outdir each -q >/dev/null || exit 15
      test "$(ls each | wc -l)" = 12 || exit 16
      "$AIGC" reconstruct model1 images --out both.png --json -q | grep -q '"psnr":' || exit 17
      "$AIGC" sample vae --model model1 --out s.png -q >/dev/null || exit 18
      "$AIGC" reconstruct model2 file.aigl --out no.png 2>/dev/null; test $? = 4 || exit 19
      head -c 20 file.aigl >cut.aigl
      "$AIGC" reconstruct model1 cut.aigl --out no.png 2>/dev/null; test $? = 3 || exit 20
      "$AIGC" encode gan images --out no.aigl 2>/dev/null; test $? = 4 || exit 21
      "$AIGC" encode model1 /none/such --out no.aigl 2>/dev/null; test $? = 3 || exit 22
      test ! -e no.png && test ! -e no.aigl
      """
    #expect(shell(script) == 0)
  }

  /// `classify` lists as every other verb does.
  @Test func classifyListsAsOtherVerbsDo() {
    let script = """
      set -e; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
      mkdir loop empty; ln -s . loop/x; ln -s . loop/y; cp \(Self.fixtures)/kinds/one.png loop/1
      test "$(timeout 20 "$AIGC" classify loop 2>/dev/null | cut -f1)" = loop/1
      cp \(Self.fixtures)/bad/text.png loop/2.png
      test "$("$AIGC" classify loop --bad-pictures skip 2>err | cut -f1)" = loop/1
      grep -q 'left out: loop/2.png: no PNG or JPEG image' err
      code=0; "$AIGC" classify loop 2>/dev/null || code=$?; test $code = 3
      for flags in "" "--bad-pictures skip"; do
        code=0; "$AIGC" classify empty $flags 2>err || code=$?; test $code = 3
        grep -q 'empty: no PNG or JPEG images in the folder' err
      done
      "$AIGC" classify empty loop --bad-pictures skip 2>err | grep -q '^loop/1'
      """
    #expect(shell(script) == 0)
  }

  /// Every training says what it found and what it left out, and so does its plan.
  @Test(arguments: ["gan", "dcgan", "vae", "vaegan", "classifier"])
  func trainingsSayWhatTheyFound(family: String) {
    let script = """
      set -e; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
      "$AIGC" train \(family) \(Self.fixtures)/archives/links.tar --image-size 16 --dry-run >plan 2>err
      grep -q '12 images of 4 classes: a 7, b 3, ' err
      grep -q '; 9 left out' err
      grep -q 'left out: .*/b/lost.png: a link to what is not in the archive' err
      grep -q '"images":12,"images_of_classes":{"a":7,"b":3,.*},"images_left_out":9' plan
      """
    #expect(shell(script) == 0)
  }

  /// Measures of too few images, or of images unlike those of the features, are said to be so.
  @Test func fewImagesAreWarnedOf() {
    let script = """
      set -e; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
      mkdir a; for i in 1 2 3 4 5; do cp \(Self.fixtures)/turned/$i.png a; done
      "$AIGC" evaluate a a --num 3 --json >out 2>err
      grep -q '"precision":null,"recall":null' out
      grep -q 'precision and recall need more than 3 images' err
      grep -q 'Fréchet distance of 3 images: too large' err
      grep -q 'it does not see the colours of a' err
      "$AIGC" classify a 2>&1 >/dev/null | grep -q 'it does not see the colours of a'
      """
    #expect(shell(script) == 0)
  }
}
