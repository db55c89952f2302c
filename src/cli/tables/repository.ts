import { flags, type CommandTable } from '../table.ts';
import { ciphers, connectOptions, hashes, json, keyDerivations, speedLimits, splitters } from './shared.ts';

const filesystem: CommandTable = {
  name: 'filesystem',
  help: 'a folder',
  flags: [
    ...flags(`
      --path S ! : the folder, absolute or from ~
      --owner-uid S : user ID of new files
      --owner-gid S : group ID of new files
      --file-mode S : mode of new files, octal (0600)
      --dir-mode S : mode of new folders, octal (0700)
      --flat B : all files in one folder
      --list-parallelism I h : folders listed at a time
    `),
    ...speedLimits,
  ],
};

const fromConfig: CommandTable = {
  name: 'from-config',
  help: 'the storage that a token or another connection file names',
  flags: flags(`
    --file S : connection file of Cairn or Kopia
    --token S : token that 'repository status -t' printed
    --token-file S : file with the token
    --token-stdin B : read the token from standard input
  `),
};

const providers = [filesystem, fromConfig];

function withProviders(load: CommandTable['run'], verb: string): CommandTable[] {
  return providers.map((provider) => ({ ...provider, help: `${verb} ${provider.help}`, run: load }));
}

export const table: CommandTable = {
  name: 'repository',
  aliases: ['repo'],
  help: 'create, connect and look after repositories',
  commands: [
    {
      name: 'connect',
      help: 'connect to a repository',
      flags: connectOptions,
      commands: withProviders(() => import('../commands/repository/connect.ts'), 'connect to'),
    },
    {
      name: 'create',
      help: 'create a repository and connect to it',
      flags: [
        ...flags(`
          --block-hash E{${hashes}} =BLAKE2B-256-128 : content hash
          --encryption E{${ciphers}} =AES256-GCM-HMAC-SHA256 : content encryption
          --ecc E{REED-SOLOMON-CRC32} =REED-SOLOMON-CRC32 : error correction
          --ecc-overhead-percent I =0 : space for error correction, 0 for none
          --object-splitter E{${splitters}} =DYNAMIC-4M-BUZHASH : how files are cut
          --create-only -c B : create, do not connect
          --format-version I : 1 to 3, 0 for the newest
          --retention-mode E{GOVERNANCE,COMPLIANCE} : lock blobs against deletion
          --retention-period D : time blobs are locked
          --format-block-key-derivation-algorithm E{${keyDerivations}} =scrypt-65536-8-1 : how the key comes from the password
        `),
        ...connectOptions,
      ],
      commands: withProviders(() => import('../commands/repository/create.ts'), 'create in'),
    },
    {
      name: 'disconnect',
      help: 'forget the connection, its cache and its stored password',
      run: () => import('../commands/repository/disconnect.ts'),
    },
    {
      name: 'status',
      help: 'show the connection and the repository',
      flags: [
        ...flags(`
          --reconnect-token -t B : print the command to connect from elsewhere
          --reconnect-token-with-password -s B : the same, with the password in the token
        `),
        ...json,
      ],
      run: () => import('../commands/repository/status.ts'),
    },
    {
      name: 'set-client',
      help: 'change the options of this connection',
      flags: flags(`
        --read-only B : never write through this connection
        --read-write B : allow writing
        --permissive-cache-loading B h : pass over bad indexes
        --description S+ : description of the repository
        --username S+ : user name of this connection
        --hostname S+ : host name of this connection
        --repository-format-cache-duration D : time the format blobs are cached
        --disable-repository-format-cache B : never cache the format blobs
      `),
      run: () => import('../commands/repository/set-client.ts'),
    },
    {
      name: 'change-password',
      help: 'change the password of the repository',
      flags: flags(`
        --new-password S $KOPIA_NEW_PASSWORD : the new password (default: asks)
      `),
      run: () => import('../commands/repository/change-password.ts'),
    },
  ],
};
