/** Names that a policy may give to a compressor or a splitter. Others are read where they exist, but not set. */

/** Without `lz4`: Kopia accepts it in a policy, then fails every file that is not empty. */
export const compressorNames: readonly string[] = `
  none deflate-best-compression deflate-best-speed deflate-default gzip gzip-best-compression gzip-best-speed
  pgzip pgzip-best-compression pgzip-best-speed s2-better s2-default s2-parallel-4 s2-parallel-8
  zstd zstd-best-compression zstd-better-compression zstd-fastest
`
  .trim()
  .split(/\s+/);

const sizes = ['128K', '1M', '256K', '2M', '4M', '512K', '8M'];

export const splitterNames: readonly string[] = [
  'DYNAMIC',
  ...sizes.flatMap((size) => [`DYNAMIC-${size}-BUZHASH`, `DYNAMIC-${size}-RABINKARP`]),
  'FIXED',
  ...sizes.map((size) => `FIXED-${size}`),
];
