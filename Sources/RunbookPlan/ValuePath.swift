extension Value {
  /// What stands at a path: keys of maps, and numbers from 0 as places in lists. Nil where there is nothing.
  public func value(at path: some Sequence<String>) -> Value? {
    var value = self
    for part in path {
      switch value {
      case .map(let map):
        guard let next = map[part] else { return nil }
        value = next
      case .list(let list):
        guard let index = Int(part), list.indices.contains(index) else { return nil }
        value = list[index]
      default: return nil
      }
    }
    return value
  }
}
