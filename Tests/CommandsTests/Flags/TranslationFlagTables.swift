/// What is expected of the flags of `aigc train cyclegan`.
let cyclegan: VerbFlags = {
  let domains = "--a imgs/cats --b imgs/dogs --image-size 32 --seed 1 --dry-run --out $OUT"
  let base = domains + " --netG resnet_6blocks --ngf 4 --ndf 4"
  let article = domains + " --preset article"
  // Of the same names.
  let pairs = base.replacing("imgs/dogs", with: "imgs/cats")
  let paired = pairs + " --paired"
  var table = trainingFlags(base, trained: "cycle", heldOut: nil)
  table.merge(
    [
      "a": [.isInBase], "b": [.isInBase],
      "direction": [.acts("--direction BtoA", base.replacing("imgs/dogs", with: "imgs"))],
      "crop-size": [.acts("--crop-size 64", domains.replacing("--image-size 32 ", with: ""))],
      "load-size": [.acts("--load-size 40"), .refused("--load-size 24", "--crop-size")],
      "preprocess": [
        .acts("--preprocess crop --crop-size 24", domains.replacing("--image-size 32 ", with: "")),
        .refused("--preprocess none", "cuts nothing"),
        .refused("--preprocess scale_width_and_crop", "--load-size"),
      ],
      "channels": [.acts("--channels 3")], "fit": [.acts("--fit crop")],
      "bad-pictures": [.allows("--bad-pictures skip", base.replacing("imgs/cats", with: "broken"))],
      "ignore-orientation": [.acts("--ignore-orientation")], "limit": [.acts("--limit 3")],
      "no-flip": [.acts("--no-flip")], "convolution": [.acts("--convolution exact")],
      "preset": [.acts("--preset article", domains)],
      "netG": [.acts("--netG resnet_6blocks", domains)],
      "netD": [.acts("--netD pixel"), .refused("--netD pixel --n-layers-D 2", "n_layers")],
      "blocks": [
        .acts("--blocks 2", article), .refused("--blocks 2", "--preset article"),
      ],
      "ngf": [.acts("--ngf 5", article)], "ndf": [.acts("--ndf 5", article)],
      "n-layers-D": [
        .acts("--n-layers-D 2", base + " --netD n_layers"), .refused("--n-layers-D 2", "n_layers"),
      ],
      "norm": [.acts("--norm batch"), .refused("--norm batch", "--preset article", article)],
      "dropout": [.acts("--dropout"), .refused("--dropout", "--preset article", article)],
      "no-dropout": [
        .acts("--no-dropout", paired), .refused("--no-dropout --dropout", "not both"),
      ],
      "paired": [.acts("--paired", pairs)], "gan-mode": [.acts("--gan-mode vanilla")],
      "lambda-a": [.acts("--lambda-a 5"), .refused("--lambda-a 5", "--paired", paired)],
      "lambda-b": [.acts("--lambda-b 5"), .refused("--lambda-b 5", "--paired", paired)],
      "lambda-identity": [
        .acts("--lambda-identity 0"), .refused("--lambda-identity 0", "--paired", paired),
      ],
      "lambda-l1": [.acts("--lambda-l1 5", paired), .refused("--lambda-l1 5", "--paired")],
      "pool-size": [.acts("--pool-size 5"), .refused("--pool-size 5", "--paired", paired)],
      "resume": [
        .allows("--resume", "--a imgs/cats --b imgs/dogs --dry-run --out cycle")
      ],
      "ema": [.acts("--ema 0.9")], "augment": [.acts("--augment translation")],
      "early-stop": [.refused("--early-stop 2", "no measure")],
      "val": [.refused("--val imgs", "not of CycleGANs")],
      "val-split": [.refused("--val-split 0.1", "not of CycleGANs")],
    ]
  ) { $1 }
  return VerbFlags(
    verb: "train cyclegan", base: base, flags: table,
    json: "--a imgs/cats --b imgs/dogs --preset article --ngf 4 --ndf 4 --blocks 1 --steps 1 "
      + "--image-size 16 --out $OUT")
}()

/// What is expected of the flags of `aigc translate`.
let translate: VerbFlags = {
  let base = "cycle imgs/cats/seed0001.png --out $OUT.png"
  return VerbFlags(
    verb: "translate", base: base,
    flags: [
      "out": [.isInBase, .refused("--out $OUT/none.png --outdir $OUT", "not both")],
      "outdir": [.acts("--outdir $OUT", "cycle imgs/cats --sheet $OUT.png")],
      "sheet": [.acts("--sheet $OUT.sheet.png")],
      "direction": [.acts("--direction BtoA")], "cycle": [.acts("--cycle")],
      "tile": [.same("--tile 16"), .refused("--tile 2", "8 to 65536")],
      "overlap": [
        .acts("--overlap 0 --tile 8"), .refused("--overlap 4", "--tile"),
      ],
      "bad-pictures": [
        .allows("--bad-pictures skip", "cycle broken --outdir $OUT")
      ],
      "ignore-orientation": [.same("--ignore-orientation")],
    ])
}()
