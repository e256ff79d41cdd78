import Glibc

/// File systems whose locks and flushes are kept by another machine. Plain FUSE is not among them: most of what it serves is local.
enum NetworkFileSystem {
  private static let types: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "coda", "ncpfs", "lustre", "gpfs", "beegfs", "ocfs2", "gfs2", "glusterfs",
    "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.smbnetfs",
  ]

  /// The name to show where the type, as `/proc/self/mountinfo` has it, is one of them.
  static func name(ofType type: String) -> String? { types.contains(type) ? type : nil }
}

/// What is mounted where. The table of mounts is read rather than `statfs` called: Swift's import of glibc has no `statfs`, and the table
/// names what a FUSE mount serves.
struct MountTable: Sendable {
  /// In the order of mounting: a later one covers an earlier one at the same place.
  private let mounts: [(point: [UInt8], type: String)]

  /// Reads the text of `/proc/self/mountinfo` (proc(5)).
  init(text: [UInt8]) {
    mounts = text.split(separator: 0x0A).compactMap { line in
      let fields = line.split(separator: 0x20)
      guard fields.count > 6, let dash = fields[6...].firstIndex(where: { $0.elementsEqual("-".utf8) }), dash + 1 < fields.count else {
        return nil
      }
      return (Self.unescaped(fields[4]), String(decoding: fields[dash + 1], as: UTF8.self))
    }
  }

  /// nil where the system does not say.
  static func current() -> MountTable? {
    let descriptor = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count <= 0 { return MountTable(text: text) }
      text.append(contentsOf: buffer.prefix(count))
    }
  }

  /// The type of the file system on which an absolute path without links lies.
  func type(of path: String) -> String? {
    let path = Array(path.utf8)
    var best: (length: Int, type: String)?
    for mount in mounts where Self.contains(mount.point, path) && mount.point.count >= best?.length ?? 0 {
      best = (mount.point.count, mount.type)
    }
    return best?.type
  }

  static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func contains(_ point: [UInt8], _ path: [UInt8]) -> Bool {
    guard path.starts(with: point) else { return false }
    return point.last == UInt8(ascii: "/") || path.count == point.count || path[point.count] == UInt8(ascii: "/")
  }

  /// Spaces and the like stand as three octal digits behind a backslash.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    let field = Array(field)
    var bytes: [UInt8] = []
    var index = 0
    while index < field.count {
      if field[index] == UInt8(ascii: "\\"), index + 3 < field.count,
        let byte = UInt8(String(decoding: field[(index + 1)...(index + 3)], as: UTF8.self), radix: 8)
      {
        bytes.append(byte)
        index += 4
      } else {
        bytes.append(field[index])
        index += 1
      }
    }
    return bytes
  }
}
