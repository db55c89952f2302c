/** Smaller arrays are left to the garbage collector; they may also share their memory with others. */
const WORTH_IT = 64 * 1024;

/**
 * Gives the memory of a spent array back at once where the engine can: left to the collector, many megabytes wait for
 * it. Nothing else may use the array's buffer. False when the memory is left to the collector.
 */
export function release(bytes: Uint8Array): boolean {
  if (bytes.length < WORTH_IT || !(bytes.buffer instanceof ArrayBuffer)) return false;
  // absent in Node 20
  const buffer = bytes.buffer as ArrayBuffer & { transfer?(length: number): ArrayBuffer };
  return buffer.transfer?.(0) !== undefined;
}
