import MongoDriver

/// Undoing a change by whole documents: the document as it was comes back in place of the one that the change left, where that is still exactly what it
/// would be if nobody else had touched it; else its fields are put back one by one.
extension UndoBlock {
  /// A document beyond this is put back field by field: the statement would have it twice, with a condition for each number in it.
  private static let mostWholeBytes = 1 << 20

  /// The document as the change left it, and as it was; nil where it is put back field by field.
  func wholeDocuments(_ entry: UndoEntry) -> (after: BSONDocument, before: BSONDocument)? {
    // Where the whole document was an input, it is kept as that.
    guard let image = entry.image ?? (inputs == [.root] ? entry.inputs[0]?.document : nil), image.byteCount <= Self.mostWholeBytes else {
      return nil
    }
    var after = image
    let changed = entry.changed
    for position in changed where !fields[position].isLiteral {
      if let value = entry.fields[position].after { after = after.changing(fields[position].names[...], to: value) }
    }
    for position in changed where !fields[position].isLiteral && entry.fields[position].after == nil {
      after = after.changing(fields[position].names[...], to: nil)
    }
    for position in changed where fields[position].isLiteral {
      after = after.changing(fields[position].names[...], to: entry.fields[position].after)
    }
    return (after, image)
  }
}

extension BSONDocument {
  /// The document with one field set, where it stands or at the end, or taken away; documents on the way that are missing are made.
  func changing(_ names: ArraySlice<String>, to value: RawBSONValue?) -> BSONDocument {
    guard let name = names.first else { return self }
    let isLast = names.count == 1
    var isFound = false
    return BSONDocument { document in
      for element in self {
        guard element.key == name, !isFound else {
          document.append(element.key, raw: element.value)
          continue
        }
        isFound = true
        if !isLast, let inner = element.value.document {
          document.append(name, inner.changing(names.dropFirst(), to: value))
        } else if let value, isLast {
          document.append(name, raw: value)
        }
      }
      guard !isFound, let value else { return }
      if isLast {
        document.append(name, raw: value)
      } else {
        document.append(name, BSONDocument().changing(names.dropFirst(), to: value))
      }
    }
  }
}
