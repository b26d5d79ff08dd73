// How a call fails on purpose. Any other error fails it too, and its stack goes to the log.

/** The tool could not do its work; the message says why, to whoever called. */
export class Failed extends Error {
  override name = "Failed";
}

/** The input fits its schema and is still not usable; the message says what is wrong with it. */
export class InvalidInput extends Error {
  override name = "InvalidInput";
}
