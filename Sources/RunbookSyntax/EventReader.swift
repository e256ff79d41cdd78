import CLibYAML

/// Where an event stands: byte offsets into the whole file.
struct EventSpan {
  var start: Int
  var end: Int
}

/// Anchor and tag of a node, as written (the tag with its prefix resolved). Good for as long as the event is looked at; hardly any node has one,
/// so texts are made of them only when they are asked for.
struct NodeProperties {
  private let anchorText: UnsafeMutablePointer<UInt8>?
  private let tagText: UnsafeMutablePointer<UInt8>?

  init(anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?) {
    anchorText = anchor
    tagText = tag
  }

  var anchor: String? { anchorText.map { String(cString: $0) } }
  var tag: String? { tagText.map { String(cString: $0) } }
  var isEmpty: Bool { anchorText == nil && tagText == nil }
}

/// Takes libyaml's events. Every call answers whether to go on.
protocol EventSink {
  mutating func documentStart(_ span: EventSpan) -> Bool
  mutating func scalar(_ span: EventSpan, _ properties: NodeProperties, style: ScalarStyle, text: UnsafeBufferPointer<UInt8>) -> Bool
  mutating func alias(_ span: EventSpan, name: String) -> Bool
  mutating func collectionStart(_ span: EventSpan, _ properties: NodeProperties, kind: RecordKind, isFlow: Bool) -> Bool
  mutating func collectionEnd(_ span: EventSpan) -> Bool
}

/// What libyaml says when it gives up, in its own words; `SyntaxMistake` turns them into ours.
struct ParserProblem {
  var problem: String
  var offset: Int
  var context: String
  var contextOffset: Int?
}

enum EventReader {
  /// Reads `bytes`, which must be valid UTF-8, from `start` on and hands every event to `sink`.
  ///
  /// The parser points at itself, so it lives on the heap and stays where it is; no pointer of libyaml's leaves this function.
  /// - Returns: what libyaml complained about; nil when the text was read to its end or the sink stopped.
  static func read<Sink: EventSink>(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isASCII: Bool, into sink: inout Sink
  ) -> ParserProblem? {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { parser.deallocate() }
    guard yaml_parser_initialize(parser) == 1 else {
      return ParserProblem(problem: "out of memory", offset: start, context: "", contextOffset: nil)
    }
    defer { yaml_parser_delete(parser) }
    let text = UnsafeBufferPointer(rebasing: bytes[start...])
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    let event = UnsafeMutablePointer<yaml_event_t>.allocate(capacity: 1)
    defer { event.deallocate() }
    var cursor = ByteCursor(bytes: text, base: start, isASCII: isASCII)
    while true {
      guard yaml_parser_parse(parser, event) == 1 else { return problem(of: parser, &cursor) }
      let type = event.pointee.type
      let goesOn = deliver(event, &cursor, into: &sink)
      yaml_event_delete(event)
      if !goesOn || type == YAML_STREAM_END_EVENT { return nil }
    }
  }

  @inline(__always)
  private static func deliver<Sink: EventSink>(
    _ event: UnsafeMutablePointer<yaml_event_t>, _ cursor: inout ByteCursor, into sink: inout Sink
  ) -> Bool {
    let start = cursor.offset(of: event.pointee.start_mark.index)
    let span = EventSpan(start: start, end: cursor.offset(of: event.pointee.end_mark.index))
    switch event.pointee.type {
    case YAML_SCALAR_EVENT:
      let style =
        switch event.pointee.data.scalar.style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: ScalarStyle.singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: ScalarStyle.doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: ScalarStyle.literal
        case YAML_FOLDED_SCALAR_STYLE: ScalarStyle.folded
        default: ScalarStyle.plain
        }
      let text = UnsafeBufferPointer(start: UnsafePointer(event.pointee.data.scalar.value), count: event.pointee.data.scalar.length)
      return sink.scalar(
        span, NodeProperties(anchor: event.pointee.data.scalar.anchor, tag: event.pointee.data.scalar.tag), style: style, text: text)
    case YAML_MAPPING_START_EVENT:
      return sink.collectionStart(
        span, NodeProperties(anchor: event.pointee.data.mapping_start.anchor, tag: event.pointee.data.mapping_start.tag), kind: .mapping,
        isFlow: event.pointee.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE)
    case YAML_SEQUENCE_START_EVENT:
      return sink.collectionStart(
        span, NodeProperties(anchor: event.pointee.data.sequence_start.anchor, tag: event.pointee.data.sequence_start.tag), kind: .sequence,
        isFlow: event.pointee.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE)
    case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT:
      return sink.collectionEnd(span)
    case YAML_ALIAS_EVENT:
      return sink.alias(span, name: String(cString: event.pointee.data.alias.anchor))
    case YAML_DOCUMENT_START_EVENT:
      return sink.documentStart(span)
    default:
      return true
    }
  }

  private static func problem(of parser: UnsafeMutablePointer<yaml_parser_t>, _ cursor: inout ByteCursor) -> ParserProblem {
    let failed = parser.pointee
    let context = failed.context.map { String(cString: $0) }
    // A reader's error has no mark but counts bytes from the start of its input.
    let offset =
      failed.error == YAML_READER_ERROR ? cursor.base + failed.problem_offset : cursor.offset(of: failed.problem_mark.index)
    return ParserProblem(
      problem: failed.problem.map { String(cString: $0) } ?? "out of memory", offset: offset, context: context ?? "",
      contextOffset: context == nil ? nil : cursor.offset(of: failed.context_mark.index))
  }
}

/// Turns libyaml's marks, which count characters, into byte offsets. Marks come nearly in order, so walking from the last one
/// to the next goes through the text once altogether.
private struct ByteCursor {
  let bytes: UnsafeBufferPointer<UInt8>
  let base: Int
  let isASCII: Bool
  private var characters = 0
  private var offset = 0

  init(bytes: UnsafeBufferPointer<UInt8>, base: Int, isASCII: Bool) {
    self.bytes = bytes
    self.base = base
    self.isASCII = isASCII
  }

  @inline(__always)
  mutating func offset(of index: Int) -> Int {
    isASCII ? base + min(index, bytes.count) : walk(to: index)
  }

  private mutating func walk(to index: Int) -> Int {
    while characters < index, offset < bytes.count {
      offset += 1
      while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
      characters += 1
    }
    while characters > index, offset > 0 {
      offset -= 1
      while offset > 0, bytes[offset] & 0xC0 == 0x80 { offset -= 1 }
      characters -= 1
    }
    return base + offset
  }
}
