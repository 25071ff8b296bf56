internal import CSparrowSystem

/// Monotonic time in seconds since an arbitrary start.
package func monotonicSeconds() -> Double { Double(ss_nanoseconds()) * 1e-9 }

/// Columns of the terminal behind standard error, nil when it is none.
package func terminalColumns() -> Int? {
  let columns = Int(ss_terminal_columns(2))
  return columns > 0 ? columns : nil
}
