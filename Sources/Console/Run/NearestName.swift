/// The name in `names` that `typed` was probably meant to be: at most a third of its letters away.
public func nearestName(to typed: String, among names: some Sequence<String>) -> String? {
  let limit = max(1, typed.count / 3)
  var best: (name: String, distance: Int)?
  for name in names {
    let distance = editDistance(typed, name)
    if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
  }
  return best?.name
}

/// " Did you mean 'x'?", or nothing when no name is near.
public func suggestion(for typed: String, among names: some Sequence<String>) -> String {
  nearestName(to: typed, among: names).map { "; did you mean '\($0)'?" } ?? ""
}

/// Insertions, deletions, replacements and swaps of neighbours (Damerau's distance, restricted).
func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a.lowercased()), Array(b.lowercased()))
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    row.reserveCapacity(b.count + 1)
    for j in b.indices {
      var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        cost = min(cost, beforeLast[j - 1] + 1)
      }
      row.append(cost)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
