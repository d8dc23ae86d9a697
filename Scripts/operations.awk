# Names public functions that record a derivative and have no row in the table of gradients, in formatted Swift. Exit 1
# when there are any: awk -f Scripts/operations.awk GradientTable*.swift OPERATIONS.swift…
#
# A function is an operation when its body records, or calls a function that does: convolutions and norms record in a
# helper. One that is written in operators alone, as dropout is, goes unseen: those have rows of their own. Rows are
# named by the operation that they try; "square of relu" is one of relu.
function row(title, words) {
  gsub(/\\\([^)]*\)/, "", title)
  sub(/^square of /, "", title)
  split(title, words, /[^A-Za-z0-9]/)
  hasRow[words[1]] = 1
  # Operators: "\(a) + \(b)", "x - 2", "-x".
  if (match(title, /[-+*\/]/)) hasRow[substr(title, RSTART, 1)] = 1
}
# The title may stand on the line after GradientRow.
FILENAME ~ /GradientTable/ {
  if (/GradientRow\(/) waits = 1
  if (waits && match($0, /"[^"]*"/)) {
    row(substr($0, RSTART + 1, RLENGTH - 2))
    waits = 0
  }
  next
}
/^ *\/\// { next }
{
  match($0, /^ */)
  indent = RLENGTH
}
# A function of the file or of a type; what stands inside one is part of it.
!open && match($0, /(func|var) [^ (:<]+/) && /^ *((public|private|fileprivate|static|prefix|convenience|mutating) )*(func|var) / {
  count++
  split(substr($0, RSTART, RLENGTH), words, " ")
  names[count] = words[2]
  places[count] = FILENAME ":" FNR
  isPublic[count] = /^ *public /
  heads[count] = ""
  at = indent
  open = 1
  begun = 0
}
open {
  if (!begun) heads[count] = heads[count] " " $0
  # The name of a case is no call.
  sub(/case [.][^:]*:/, "")
  bodies[count] = bodies[count] " " $0
  if (/}$/ && (indent == at && begun || !begun && /{/)) open = 0
  else if (/{$/) begun = 1
  # A stored property has no body.
  else if (!begun && heads[count] ~ /var /) open = 0
}
END {
  for (i = 1; i <= count; i++) records[i] = bodies[i] ~ /[.]recorded(Linear)?\(/
  do {
    changed = 0
    for (i = 1; i <= count; i++) {
      for (j = 1; j <= count && !records[i]; j++) {
        if (records[j] && names[j] ~ /^[a-z]/ && bodies[i] ~ ("[^A-Za-z0-9_]" names[j] "\\("))
          records[i] = changed = 1
      }
    }
  } while (changed)
  for (i = 1; i <= count; i++) {
    if (!isPublic[i] || !records[i] || heads[i] !~ /-> [[(]?[a-z: ]*Tensor|: Tensor [{]/) continue
    found++
    if (names[i] in hasRow) continue
    print places[i] ": " names[i] " has no row in Tests/AutogradTests/GradientTable*.swift"
    bad = 1
  }
  if (found == 0) {
    print "Scripts/operations.awk:1: found no operation"
    bad = 1
  }
  exit bad
}
