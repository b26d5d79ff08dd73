// Calls of the host: the `err` of a result arrives as the payload of an Error.

/** Asks the host; what it refuses with becomes the error that `refused` makes of it. */
export function asked<T, E>(ask: () => T, refused: (err: E) => Error): T {
  try {
    return ask();
  } catch (error) {
    throw error instanceof Error && "payload" in error ? refused(error.payload as E) : error;
  }
}
