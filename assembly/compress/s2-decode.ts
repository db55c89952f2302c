// Decoder of one S2 block (repository-format section 7.4), which is a Snappy block with repeats.

/**
 * Decodes the block at `src`, length prefix included, into `dst`, whose `room` must be the decoded length it tells.
 * Up to 7 bytes after both may be touched. Returns false when the block is damaged.
 */
export function s2Decode(src: usize, length: usize, dst: usize, room: usize): bool {
  const end = src + length;
  const limit = dst + room;
  let p = src;
  while (p < end && load<u8>(p++) >= 128) {}
  let out = dst;
  let last: usize = 0;
  while (p < end) {
    const tag = <u32>load<u8>(p++);
    const left = end - p;
    let offset: usize;
    let size: usize;
    const kind = tag & 3;
    if (kind == 0) {
      size = tag >> 2;
      if (size >= 60) {
        const extra = size - 59;
        if (extra > left) return false;
        size = <usize>(load<u32>(p) & (0xffffffff >> ((4 - <u32>extra) << 3)));
        p += extra;
      }
      if (size >= end - p || size >= limit - out) return false;
      size++;
      if (size <= 16 && end - p >= 16 && limit - out >= 16) {
        v128.store(out, v128.load(p));
      } else {
        memory.copy(out, p, size);
      }
      p += size;
      out += size;
      continue;
    }
    if (kind == 1) {
      if (left < 1) return false;
      offset = (<usize>(tag & 0xe0) << 3) | load<u8>(p++);
      size = ((tag >> 2) & 7) + 4;
      if (offset == 0) {
        offset = last;
        if (size > 8) {
          const extra = size - 8;
          if (extra > end - p) return false;
          const value = <usize>(load<u32>(p) & (0xffffffff >> ((4 - <u32>extra) << 3)));
          p += extra;
          size = value + (extra == 1 ? 8 : extra == 2 ? 260 : 65540);
        }
      }
    } else {
      const extra: usize = kind == 2 ? 2 : 4;
      if (left < extra) return false;
      offset = kind == 2 ? <usize>load<u16>(p) : <usize>load<u32>(p);
      p += extra;
      size = (tag >> 2) + 1;
    }
    if (offset == 0 || offset > out - dst || size > limit - out) return false;
    last = offset;
    const stop = out + size;
    let from = out - offset;
    if (offset >= 8) {
      for (; out < stop; out += 8, from += 8) store<u64>(out, load<u64>(from));
    } else {
      for (; out < stop; out++, from++) store<u8>(out, load<u8>(from));
    }
    out = stop;
  }
  return out == limit;
}
