/** One of our own invariants is broken; nothing a user did can cause it. @param message One sentence. */
export function bug(message: string): Error {
  return new Error(`${message} This is a bug in jest-runner-hardware.`);
}
