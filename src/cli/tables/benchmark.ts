import { flags, type CommandTable } from '../table.ts';
import { json } from './shared.ts';

const common = flags(`
  --parallel U =1 : accepted; benchmarks run in one thread
  --print-options B : print the options that choose each
`);

const blocks = (size: string, repeat: number) =>
  flags(`
    --block-size Y =${size} : bytes of a block
    --repeat U =${repeat} : repetitions
  `);

const deprecated = flags(`
  --deprecated B h : accepted, no effect
`);

export const table: CommandTable = {
  name: 'benchmark',
  help: 'measure algorithms on this machine',
  commands: [
    {
      name: 'compression',
      help: 'measure compression methods',
      flags: [
        ...flags(`
          --data-file XF ! : file to compress, its first 128 MiB
          --repeat I =0 : repetitions, 0 for 128 MiB in all
          --parallel I =1 : accepted; benchmarks run in one thread
          --operations E{compress,decompress,both} =both : what to measure
          --by-size B : smallest first
          --by-alloc B : accepted, no effect
          --verify-stable B : check that the same bytes come out each time
          --print-options B : print the options that choose each
          --deprecated B : also deprecated methods
          --algorithms S : only methods whose names start so, separated by commas
        `),
        ...json,
      ],
      run: () => import('../commands/benchmark/compression.ts'),
    },
    {
      name: 'crypto',
      help: 'measure pairs of hash and encryption',
      flags: [...blocks('1MB', 100), ...common, ...deprecated, ...json],
      run: () => import('../commands/benchmark/crypto.ts'),
    },
    {
      name: 'splitter',
      help: 'measure how fast files are cut',
      flags: [
        ...flags(`
          --rand-seed I64 =42 : seed of the data
          --data-size Y =32MB : bytes of a block
          --block-count U =16 : blocks
        `),
        ...common,
        ...json,
      ],
      run: () => import('../commands/benchmark/splitter.ts'),
    },
    {
      name: 'hashing',
      aliases: ['hash'],
      help: 'measure hashes',
      flags: [...blocks('1MB', 100), ...common, ...json],
      run: () => import('../commands/benchmark/hashing.ts'),
    },
    {
      name: 'encryption',
      help: 'measure encryption',
      flags: [...blocks('1MB', 1000), ...common, ...deprecated, ...json],
      run: () => import('../commands/benchmark/encryption.ts'),
    },
    {
      name: 'ecc',
      help: 'measure error correction',
      flags: [...blocks('10MB', 100), ...common, ...json],
      run: () => import('../commands/benchmark/ecc.ts'),
    },
  ],
};
