extension ProgramEnd {
  /// What the program printed, up to the limit of its call.
  public var output: [UInt8] { stdout.bytes }
  /// Whether there was more of it.
  public var isOutputCut: Bool { stdout.isCut }
  /// What it said on its other stream.
  public var complaint: String { String(decoding: stderr.bytes, as: UTF8.self) }
}
