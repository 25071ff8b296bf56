/// The `rank`-th largest of `values` (1 is the largest), which are reordered. O(n) on average.
///
/// Hoare's quickselect with the middle element as pivot; values that are not numbers count as
/// smallest.
package func largest(_ rank: Int, of values: UnsafeMutableBufferPointer<Float>) -> Float {
  precondition((1...values.count).contains(rank), "a rank beyond the values")
  for index in values.indices where values[index].isNaN { values[index] = -.infinity }
  var low = 0
  var high = values.count - 1
  let target = rank - 1
  while low < high {
    let pivot = values[low + (high - low) / 2]
    var left = low
    var right = high
    while left <= right {
      while values[left] > pivot { left += 1 }
      while values[right] < pivot { right -= 1 }
      if left <= right {
        values.swapAt(left, right)
        left += 1
        right -= 1
      }
    }
    if target <= right {
      high = right
    } else if target >= left {
      low = left
    } else {
      return values[target]
    }
  }
  return values[target]
}
