# Names functions longer than `limit` lines in formatted Swift, where one ends with a brace at its own
# indent; with `only` those whose heads hold that text. Exit 1 when there are any:
# find … -exec awk -v limit=60 -f Scripts/functions.awk {} +
function finish() {
  if (FNR - start >= limit && (only == "" || index(name, only))) {
    printf "%s:%d: %d lines: %s\n", FILENAME, start, FNR - start + 1, name
    bad = 1
  }
  open = 0
}
FNR == 1 { open = 0 }
{
  match($0, /^ */)
  indent = RLENGTH
}
open && begun && indent == at && /^ *}/ { finish() }
!open && /^ *((@[a-zA-Z_]+(\([a-z_]+\))?|public|package|private|fileprivate|static|mutating|final|override|convenience|required|consuming|borrowing) )*(func |init[?]?[(<]|subscript[(<]|deinit )/ {
  open = !/{.*}$/
  at = indent
  start = FNR
  name = substr($0, indent + 1)
  begun = 0
}
# A protocol's requirement has no body.
open && !begun && FNR > start && indent <= at && !/^ *\)/ { open = 0 }
open && /{$/ { begun = 1 }
END { exit bad }
