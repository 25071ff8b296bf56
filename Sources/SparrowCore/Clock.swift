internal import CSparrowSystem

/// Monotonic time in seconds since an arbitrary start.
public func monotonicSeconds() -> Double { Double(ss_nanoseconds()) * 1e-9 }

/// Peak resident memory of this process in bytes.
public func peakResidentBytes() -> Int { Int(ss_peak_resident()) }

/// Columns of the terminal behind standard error, nil when it is none.
public func terminalColumns() -> Int? {
  let columns = Int(ss_terminal_columns(2))
  return columns > 0 ? columns : nil
}
