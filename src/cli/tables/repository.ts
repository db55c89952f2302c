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
      name: 'stats',
      help: 'what all snapshots hold, and what is left of it after deduplication and compression',
      flags: json,
      run: () => import('../commands/repository/stats.ts'),
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
    {
      name: 'set-parameters',
      aliases: ['set-params'],
      help: 'change parameters of the repository',
      flags: flags(`
        --max-pack-size-mb I : MiB of a pack, 10 to 120
        --index-version I : version of new index blobs; only upward
        --retention-mode E{none,GOVERNANCE,COMPLIANCE} : lock blobs against deletion
        --retention-period D : time blobs are locked
        --upgrade B : change to epochs
        --epoch-refresh-frequency D : time a listing of epochs is good for
        --epoch-min-duration D : least duration of an epoch
        --epoch-cleanup-safety-margin D : time replaced index blobs are kept
        --epoch-advance-on-count I : index blobs that end an epoch
        --epoch-advance-on-size-mb I64 : MiB of index blobs that end an epoch
        --epoch-delete-parallelism I : deletions at a time
        --epoch-checkpoint-frequency I : epochs between range checkpoints
        --add-required-feature S h : feature that programs must know
        --remove-required-feature S h : feature that programs need not know any more
        --warn-on-missing-required-feature B h : programs that do not know it only warn
      `),
      run: () => import('../commands/repository/set-parameters.ts'),
    },
    {
      name: 'sync-to',
      help: 'copy the repository to another storage',
      flags: flags(`
        --update B =true : copy again what is newer here
        --delete B : delete there what is not here
        --dry-run -n B : only say what would be copied
        --parallel I =1 : blobs at a time
        --must-exist B : fail when there is no copy yet
        --times B : keep the times of blobs
      `),
      commands: withProviders(() => import('../commands/repository/sync-to.ts'), 'copy to'),
    },
    {
      name: 'throttle',
      help: 'limits of this connection',
      commands: [
        { name: 'get', help: 'show the limits', flags: json, run: () => import('../commands/repository/throttle.ts') },
        {
          name: 'set',
          help: 'change the limits',
          flags: flags(`
            --download-bytes-per-second S : a number or unlimited
            --upload-bytes-per-second S : a number or unlimited
            --read-requests-per-second S : a number or unlimited
            --write-requests-per-second S : a number or unlimited
            --list-requests-per-second S : a number or unlimited
            --concurrent-reads S : a number or unlimited
            --concurrent-writes S : a number or unlimited
          `),
          run: () => import('../commands/repository/throttle.ts'),
        },
      ],
    },
    {
      name: 'validate-provider',
      help: 'try out whether the storage does what it must',
      flags: flags(`
        --num-storage-connections I : connections to try (5)
        --concurrency-test-duration D : time of the test of concurrent work (30s)
        --put-blob-workers I : writers of that test (3)
        --get-blob-workers I : readers of that test (3)
        --get-metadata-workers I : readers of metadata of that test (3)
      `),
      run: () => import('../commands/repository/validate-provider.ts'),
    },
    {
      name: 'repair',
      help: 'find kopia.repository again in the packs of old repositories',
      hidden: true,
      flags: flags(`
        --recover-format E{auto,yes,no} =auto : auto: only when it is missing
        --recover-format-block-prefixes S+ : packs to look into
        --dry-run -n B : only say what was found
      `),
      commands: withProviders(() => import('../commands/repository/repair.ts'), 'repair in'),
    },
    {
      name: 'upgrade',
      help: 'change to the newest format version',
      hidden: true,
      commands: [
        {
          name: 'begin',
          help: 'lock the repository, change it and let others in again',
          flags: flags(`
            --io-drain-timeout D =15m : time other clients may take to notice
            --allow-unsafe-upgrade B =false h : take shorter times
            --status-poll-interval D =60s : time between two looks
            --max-permitted-clock-drift D =5m : how far clocks may differ
            --lock-only B =false h : only lock
            --commit-mode E{always,never} h : always: without a look at the indexes; never: stay locked
          `),
          run: () => import('../commands/repository/upgrade.ts'),
        },
        {
          name: 'rollback',
          help: 'put back the format of before',
          flags: flags(`
            --force B : needed, as what was written since is lost
          `),
          run: () => import('../commands/repository/upgrade.ts'),
        },
        {
          name: 'validate',
          help: 'compare old and new indexes',
          run: () => import('../commands/repository/upgrade.ts'),
        },
      ],
    },
    {
      name: 'export-format',
      help: 'save the keys of the repository, which the password still locks, to a file',
      args: '[file]',
      flags: flags(`
        --overwrite B : replace the file
      `),
      run: () => import('../commands/repository/export-format.ts'),
    },
    {
      name: 'import-format',
      help: 'put saved keys back into a repository that lost them',
      flags: flags(`
        --from-file XF ! : file that 'repository export-format' saved
        --force B : replace keys that are there
      `),
      commands: withProviders(() => import('../commands/repository/import-format.ts'), 'repair in'),
    },
  ],
};
