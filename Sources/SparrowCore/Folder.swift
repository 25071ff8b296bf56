internal import CSparrowSystem

/// Whether a path names a folder; nil when there is nothing.
package func isFolder(_ path: String) -> Bool? {
  switch ss_path_kind(path) {
  case 0: nil
  case 2: true
  default: false
  }
}
