// xxHash32, the checksum of LZ4 frames, with seed 0.

const P1: u32 = 2654435761;
const P2: u32 = 2246822519;
const P3: u32 = 3266489917;
const P4: u32 = 668265263;
const P5: u32 = 374761393;

@inline
function round(acc: u32, p: usize): u32 {
  return rotl<u32>(acc + load<u32>(p) * P2, 13) * P1;
}

export function xxh32(p: usize, length: usize): u32 {
  const end = p + length;
  let hash: u32 = P5;
  if (length >= 16) {
    let a: u32 = P1 + P2;
    let b: u32 = P2;
    let c: u32 = 0;
    let d: u32 = 0 - P1;
    for (; p + 16 <= end; p += 16) {
      a = round(a, p);
      b = round(b, p + 4);
      c = round(c, p + 8);
      d = round(d, p + 12);
    }
    hash = rotl<u32>(a, 1) + rotl<u32>(b, 7) + rotl<u32>(c, 12) + rotl<u32>(d, 18);
  }
  hash += <u32>length;
  for (; p + 4 <= end; p += 4) hash = rotl<u32>(hash + load<u32>(p) * P3, 17) * P4;
  for (; p < end; p++) hash = rotl<u32>(hash + <u32>load<u8>(p) * P5, 11) * P1;
  hash = (hash ^ (hash >> 15)) * P2;
  hash = (hash ^ (hash >> 13)) * P3;
  return hash ^ (hash >> 16);
}
