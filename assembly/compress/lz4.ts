// Decoder of one LZ4 block. Matches may reach back to `start`, into blocks decoded before (linked blocks of a frame).

/** Returns the number of bytes written at `dst`; -1 when the block is damaged, -2 when they would be more than `room`. */
export function lz4Decode(src: usize, length: usize, start: usize, dst: usize, room: usize): i32 {
  const end = src + length;
  const limit = dst + room;
  let p = src;
  let out = dst;
  while (p < end) {
    const token = <u32>load<u8>(p++);
    let size = <usize>(token >> 4);
    if (size == 15) {
      let more: u32;
      do {
        if (p >= end) return -1;
        more = load<u8>(p++);
        size += more;
      } while (more == 255);
    }
    if (size > end - p) return -1;
    if (size > limit - out) return -2;
    memory.copy(out, p, size);
    p += size;
    out += size;
    if (p == end) return <i32>(out - dst); // the last sequence has no match
    if (end - p < 2) return -1;
    const offset = <usize>load<u16>(p);
    p += 2;
    size = <usize>(token & 15) + 4;
    if (size == 19) {
      let more: u32;
      do {
        if (p >= end) return -1;
        more = load<u8>(p++);
        size += more;
      } while (more == 255);
    }
    if (offset == 0 || offset > out - start) return -1;
    if (size > limit - out) return -2;
    const stop = out + size;
    let from = out - offset;
    if (offset >= 8) {
      for (; out < stop; out += 8, from += 8) store<u64>(out, load<u64>(from));
    } else {
      for (; out < stop; out++, from++) store<u8>(out, load<u8>(from));
    }
    out = stop;
  }
  return -1;
}
