import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/gather.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { invert, multiply, parityMatrix } from '../../src/kernels/ecc-field.ts';
import { decodeGeometry, eccParameters, encodeGeometry, PREFIX } from '../../src/kernels/ecc-geometry.ts';
import { createEcc } from '../../src/kernels/ecc.ts';
import { runs } from '../fuzz/mutate.ts';
import { codecVectors } from './codecs-data.ts';
import { xorshift } from './data.ts';
import { wasmModule } from './load-codecs.ts';

const NAME = 'REED-SOLOMON-CRC32';
const codecs = wasmModule('codecs');
const ways = [
  { way: 'kernel', module: codecs },
  { way: 'scalar', module: undefined },
];
const counted = (length: number) => Uint8Array.from({ length }, (_, i) => (i % 255) + 1);
const corrupt = (why: RegExp) => expect.objectContaining({ code: 'corrupt', message: expect.stringMatching(why) });

describe('parameters', () => {
  it('are those of Kopia for every percent', () => {
    for (const { percent, ...expected } of codecVectors.ecc.shardTable) {
      const { big, small, maximumShard } = eccParameters(percent);
      expect({ big, small, maximumShard }).toEqual({
        big: { data: expected.data, parity: expected.parity },
        small: { data: 6, parity: 2 },
        maximumShard: expected.maxShardSize,
      });
    }
  });

  it('geometry of what was stored is that of the data', () => {
    for (let percent = 1; percent <= 100; percent++) {
      const parameters = eccParameters(percent);
      const { data, parity } = parameters.big;
      const borders = [0, 8 * (data + parity) - PREFIX, data * parameters.maximumShard - PREFIX, 400_000];
      for (const border of borders) {
        for (let length = Math.max(0, border - 3); length < border + 300; length += border > 1000 ? 7 : 1) {
          const { code, shard, blocks, padded } = encodeGeometry(parameters, length);
          const n = length + PREFIX;
          const partial = n % shard === 0 ? 0 : PREFIX + (n % shard);
          const stored =
            blocks * code.parity * (PREFIX + shard) +
            (padded ? code.data * (PREFIX + shard) : Math.floor(n / shard) * (PREFIX + shard) + partial);
          expect(decodeGeometry(parameters, stored)).toEqual({ code, shard, blocks, padded });
        }
      }
    }
  });
});

describe('field', () => {
  it('parity rows are those of Kopia', () => {
    for (const [shape, rows] of Object.entries(codecVectors.ecc.parityMatrixRowsHex)) {
      const [data, parity] = shape.split('+').map(Number);
      expect(parityMatrix(data, parity).map(toHex)).toEqual(rows);
    }
  });

  it('inverts', () => {
    const matrix = parityMatrix(5, 5);
    const inverse = invert(matrix);
    for (let r = 0; r < 5; r++)
      for (let c = 0; c < 5; c++) {
        let sum = 0;
        for (let k = 0; k < 5; k++) sum ^= multiply(matrix[r][k], inverse[k][c]);
        expect(sum).toBe(r === c ? 1 : 0);
      }
  });
});

describe.each(ways)('by $way', ({ module }) => {
  it('gives the bytes of Kopia and reads them', () => {
    for (const { percent, inputLength, outputLength, sha256 } of codecVectors.ecc.outputs) {
      const ecc = createEcc(NAME, percent, module);
      const data = counted(inputLength);
      const stored = ecc.encode(data);
      expect(stored.length).toBe(outputLength);
      expect(createHash('sha256').update(stored).digest('hex')).toBe(sha256);
      const { data: result, repaired } = ecc.decode(stored);
      expect([equalBytes(result, data), repaired]).toEqual([true, 0]);
    }
  });

  it('repairs as many shards as there are parity shards, in every block', () => {
    for (const percent of [1, 2, 5, 10, 50, 100]) {
      const parameters = eccParameters(percent);
      const ecc = createEcc(NAME, percent, module);
      for (const length of [0, 1, 700, 5_000, 80_000]) {
        const data = xorshift(length);
        const stored = ecc.encode(data);
        const { code, shard, blocks } = encodeGeometry(parameters, length);
        const record = PREFIX + shard;
        const dataStart = blocks * code.parity * record;
        for (const spoil of [0, 1, code.parity]) {
          const damaged = stored.slice();
          let spoilt = 0;
          for (let block = 0; block < blocks; block++)
            for (let i = 0; i < spoil; i++) {
              const at = dataStart + (block * code.data + ((i * 5) % code.data)) * record + ((i * 3) % record);
              if (at >= stored.length) continue;
              damaged[at] ^= 1 << (i % 8);
              spoilt++;
            }
          const { data: result, repaired } = ecc.decode(damaged);
          expect(equalBytes(result, data), `${percent} %, ${length} bytes, ${spoil} a block`).toBe(true);
          expect(repaired).toBe(spoilt);
        }
      }
    }
  });

  it('uses only parity shards that are good', () => {
    const ecc = createEcc(NAME, 50, module);
    const data = xorshift(3000);
    const stored = ecc.encode(data);
    const { code, shard } = encodeGeometry(eccParameters(50), data.length);
    const record = PREFIX + shard;
    const damaged = stored.slice();
    const half = code.parity / 2;
    for (let i = 0; i < half; i++) {
      damaged[2 * i * record + 9] ^= 0x80;
      damaged[(code.parity + 3 * i) * record] ^= 1;
    }
    expect(ecc.decode(damaged)).toEqual({ data, repaired: half });
    damaged[record + 9] ^= 1; // one more parity shard than can be spared
    expect(() => ecc.decode(damaged)).toThrow(corrupt(/too much is damaged/));
  });

  it('refuses what is beyond repair', () => {
    const ecc = createEcc(NAME, 2, module);
    const stored = ecc.encode(xorshift(100_000));
    const { code, shard } = encodeGeometry(eccParameters(2), 100_000);
    const start = 2 * code.parity * (PREFIX + shard);
    const damaged = stored.slice();
    for (let i = 0; i < 3; i++) damaged[start + i * (PREFIX + shard) + 20] ^= 1;
    expect(() => ecc.decode(damaged)).toThrow(
      expect.objectContaining({ code: 'corrupt', data: { block: 0, damaged: 3, repairable: 2 } }),
    );
    expect(() => ecc.decode(new Uint8Array(0))).toThrow(corrupt(/cut off/));
    expect(() => ecc.decode(stored.subarray(0, start))).toThrow(corrupt(/cut off|too much/));
  });

  it('input may be a piece of a larger buffer', () => {
    const ecc = createEcc(NAME, 5, module);
    const data = xorshift(20_000);
    const stored = ecc.encode(data.subarray(3, 10_003));
    const inside = new Uint8Array(stored.length + 9);
    inside.set(stored, 5);
    inside[5 + stored.length - 70] ^= 1;
    const { data: result, repaired } = ecc.decode(inside.subarray(5, 5 + stored.length));
    expect(equalBytes(result, data.subarray(3, 10_003))).toBe(true);
    expect(repaired).toBe(1);
  });
});

const attempt = (work: () => { data: Uint8Array; repaired: number }) => {
  try {
    return work();
  } catch (error) {
    expect(error).toMatchObject({ name: 'CairnError', code: 'corrupt' });
    return undefined;
  }
};

describe('kernel and scalar', () => {
  it('agree on every percent and many lengths', () => {
    for (let percent = 1; percent <= 100; percent++) {
      const [kernel, scalar] = [createEcc(NAME, percent, codecs), createEcc(NAME, percent)];
      for (const length of [
        0,
        1,
        40 + percent,
        1500 + 17 * percent,
        ...(percent === 3 ? [600_000] : percent % 20 === 7 ? [90_000] : []),
      ]) {
        const data = xorshift(length, percent);
        const stored = kernel.encode(data);
        expect(equalBytes(stored, scalar.encode(data)), `${percent} %, ${length} bytes`).toBe(true);
        expect(equalBytes(kernel.decode(stored).data, data), `${percent} %, ${length} bytes`).toBe(true);
      }
    }
  });

  it('agree on shards of every length up to the longest, in new arrays and in given ones', () => {
    const [kernel, scalar] = [createEcc(NAME, 1, codecs), createEcc(NAME, 1)];
    const into = new Uint8Array(300_000);
    for (let shard = 9; shard <= 1024; shard += shard < 130 ? 1 : 149) {
      const data = xorshift(254 * shard - PREFIX, shard);
      const stored = kernel.encode(data, into);
      expect(stored.length).toBe(kernel.encodedLength(data.length));
      expect(stored.buffer).toBe(into.buffer);
      expect(equalBytes(stored, scalar.encode(data)), `shards of ${shard}`).toBe(true);
      const decoded = kernel.decode(stored);
      expect([equalBytes(decoded.data, data), decoded.repaired], `shards of ${shard}`).toEqual([true, 0]);
    }
  });

  it('agree on any damage: the data, or corrupt', () => {
    const data = xorshift(20_000);
    const codes = [1, 2, 10, 60].map((percent) => ({
      kernel: createEcc(NAME, percent, codecs),
      scalar: createEcc(NAME, percent),
    }));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: codes.length - 1 }),
        fc.integer({ min: 0, max: 20_000 }),
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 255 })), {
          maxLength: 12,
        }),
        fc.integer({ min: -5, max: 5 }),
        (which, length, damage, cut) => {
          const { kernel, scalar } = codes[which];
          const plain = data.subarray(0, length);
          let stored = kernel.encode(plain);
          for (const [place, mask] of damage) stored[Math.floor(place * (stored.length - 1))] ^= mask;
          if (cut < 0) stored = stored.subarray(0, Math.max(0, stored.length + 40 * cut));
          const result = attempt(() => kernel.decode(stored));
          const other = attempt(() => scalar.decode(stored));
          expect(other?.repaired).toBe(result?.repaired);
          if (result !== undefined) expect(equalBytes(other!.data, result.data)).toBe(true);
          if (cut >= 0 && damage.length <= 2) expect(equalBytes(result!.data, plain)).toBe(true);
          if (result !== undefined) expect(result.data.length).toBeLessThanOrEqual(stored.length);
        },
      ),
      { numRuns: Math.max(150, Math.min(runs / 10, 100_000)) },
    );
  });

  it('take contents of 16 MiB', () => {
    const ecc = createEcc(NAME, 1, codecs);
    const data = new Uint8Array(16 * 1024 * 1024 + 28);
    data.set(xorshift(5000), data.length - 5000);
    const stored = ecc.encode(data);
    expect(stored.length).toBeLessThan(data.length * 1.013);
    stored[stored.length - 4000] ^= 1;
    const { data: result, repaired } = ecc.decode(stored);
    expect(repaired).toBe(1);
    expect(equalBytes(result, data)).toBe(true);
  });
});

describe('createEcc', () => {
  it('refuses other names and percents', () => {
    expect(() => createEcc('XOR', 5)).toThrow(expect.objectContaining({ code: 'unknown-algorithm' }));
    for (const percent of [0, 101, 1.5, NaN])
      expect(() => createEcc(NAME, percent)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});
