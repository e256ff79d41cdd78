// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

/// The pages of docs/errors by their codes, inside the program: a user has nothing else.
enum ErrorPages {
  static let all: [String: String] = [
    rb00xx,
    rb10xx,
    rb11xx,
    rb12xx,
    rb13xx,
    rb14xx,
    rb15xx,
    rb16xx,
    rb20xx,
    rb21xx,
    rb22xx,
    rb23xx,
    rb24xx,
    rb25xx,
    rb26xx,
    rb27xx,
    rb30xx,
    rb31xx,
    rb32xx,
    rb33xx,
    rb34xx,
    rb35xx,
    rb40xx,
  ].reduce(into: [:]) { all, part in all.merge(part) { first, _ in first } }
}
