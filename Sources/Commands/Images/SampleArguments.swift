import ArgumentParser
import Console
import Families
import Files
import Training

/// Rows and columns of a sheet: "8x8", columns first.
struct SheetGrid: ExpressibleByArgument {
  let columns: Int
  let rows: Int

  /// Of a map of latents.
  static let ofMap = SheetGrid(columns: 20, rows: 20)

  private init(columns: Int, rows: Int) { (self.columns, self.rows) = (columns, rows) }

  init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let columns = Int(parts[0]), let rows = Int(parts[1]),
      (1...1000).contains(columns), (1...1000).contains(rows)
    else { return nil }
    (self.columns, self.rows) = (columns, rows)
  }
}

/// Which images are made.
struct SampleArguments: ParsableArguments {
  @Option(
    name: [.customLong("num"), .customLong("num-samples"), .customLong("num-generate")],
    help: "How many images (default 64).")
  var num: Int?
  @Option(help: "Columns and rows of the sheet (default: a square, 8x8 of 64).")
  var grid: SheetGrid?
  @OptionGroup var seed: SeedOption
  @Option(help: "The images' seeds: 0-63, 5,7,11. Without it they follow --seed.")
  var seeds: String?
  @Option(
    name: .customLong("class"),
    help: "The classes, by number or name, that the images have in turn: 3, cat, 0,1,2, all.")
  var classes: String?
  @Option(help: "Enlarge each pixel to a square of so many pixels (default 1).")
  var scale = 1

  func validate() throws {
    if let num, !(1...1_000_000).contains(num) {
      throw ValidationError("--num \(num): 1 to 1000000")
    }
    if !(1...64).contains(scale) { throw ValidationError("--scale \(scale): 1 to 64") }
    if let num, let grid, num > grid.columns * grid.rows {
      throw ValidationError(
        "--num \(num): more than the \(grid.columns * grid.rows) of the grid")
    }
    if seeds != nil, seed.seed >= 0 || num != nil {
      throw ValidationError("--seeds says which and how many: no --seed or --num")
    }
  }

  /// Whether something was given that says which latents are drawn.
  var areDrawn: Bool { num != nil || seeds != nil || seed.seed >= 0 }

  /// Columns of a sheet of `count` images.
  func columns(of count: Int) -> Int {
    if let grid { return grid.columns }
    var columns = 1
    while columns * columns < count { columns += 1 }
    return columns
  }

  /// The seeds of all images, or of those between which a walk goes.
  func resolvedSeeds(isWalk: Bool, frames: Int?) throws(AIGCError) -> [UInt64] {
    if let seeds {
      let parsed = try Self.parse(seeds)
      if let grid, !isWalk, parsed.count > grid.columns * grid.rows {
        throw .usage("--seeds \(seeds): more than the \(grid.columns * grid.rows) of the grid")
      }
      return parsed
    }
    var count = grid.map { $0.columns * $0.rows } ?? 64
    if isWalk { count = frames == nil ? grid?.rows ?? 8 : 4 * (grid == nil ? 1 : count) }
    let first = seed.resolve()
    return (0..<UInt64(num ?? count)).map { first &+ $0 }
  }

  /// "0-63,70".
  static func parse(_ text: String) throws(AIGCError) -> [UInt64] {
    var result: [UInt64] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        first <= last, last - first < 1_000_000, result.count <= 1_000_000
      else { throw .usage("--seeds \(text): numbers and ranges are needed, 0-63,70") }
      result += first...last
    }
    return result
  }

  /// The labels that images have in turn; empty: each draws its own.
  func labels(_ generator: any ImageModel) throws(AIGCError) -> [Int32] {
    guard let classes else { return [] }
    let names = generator.classes
    guard !names.isEmpty else {
      throw .usage("--class: this model knows no classes; see 'train --conditional'")
    }
    if classes == "all" { return names.indices.map { Int32($0) } }
    var result: [Int32] = []
    for part in classes.split(separator: ",", omittingEmptySubsequences: false) {
      guard let index = names.firstIndex(of: String(part)) ?? Int(part),
        names.indices.contains(index)
      else {
        let shown = names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
        throw .usage("--class \(part): unknown; the model has \(shown)")
      }
      result.append(Int32(index))
    }
    return result
  }
}

/// Images of places between latents, or of a plane of them.
struct WalkArguments: ParsableArguments {
  @Flag(
    help: """
      Walk from one latent to the next: a sheet with a step of the walk a row, or with --frames an \
      animation.
      """)
  var interpolate = false
  @Argument(
    help: "Two images for --interpolate to walk between, of a model that encodes (vae).",
    completion: .file())
  var ends: [String] = []
  @Flag(help: "Take these images as they are stored, whatever EXIF says about turning them.")
  var ignoreOrientation = false
  @Option(help: "Write the walk as an animation (.png, .apng or .gif) of so many images.")
  var frames: Int?
  @Flag(
    help: """
      A sheet of places at equal steps of probability on two axes of the latents, the others 0 \
      (--grid, default 20x20).
      """)
  var map = false
  @Option(help: "The axes of --map, to the right and downwards (default 0,1).")
  var axes: String?

  func validate() throws {
    if frames != nil, !interpolate { throw ValidationError("--frames goes with --interpolate") }
    if !ends.isEmpty, !interpolate || ends.count != 2 {
      throw ValidationError("two images go with --interpolate, not \(ends.count)")
    }
    if ignoreOrientation, ends.isEmpty {
      throw ValidationError("--ignore-orientation is of two images for --interpolate")
    }
    if map, interpolate { throw ValidationError("--map or --interpolate, not both") }
    if axes != nil, !map { throw ValidationError("--axes goes with --map") }
    if let axes, plane(SheetGrid.ofMap) == nil {
      throw ValidationError("--axes \(axes): two different numbers such as 0,1")
    }
    if let frames, !(2...10_000).contains(frames) {
      throw ValidationError("--frames \(frames): 2 to 10000")
    }
  }

  /// nil for axes that are none.
  func plane(_ grid: SheetGrid) -> LatentPlane? {
    let numbers = commaSeparated(axes ?? "0,1").map { Int($0) }
    guard numbers.count == 2, let right = numbers[0], let down = numbers[1], right != down,
      min(right, down) >= 0
    else { return nil }
    return LatentPlane(axes: (right, down), columns: grid.columns, rows: grid.rows)
  }
}
