/** The bytes are no whole file of the format that was to be read: damaged, cut short, or of another kind. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}
