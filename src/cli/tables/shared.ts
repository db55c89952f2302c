/** Groups of flags that several commands share (spec/cli.md section 4.0). */
import { compressorNames, splitterNames } from '../../policy/names.ts';
import { flags } from '../table.ts';

export const hashes =
  'BLAKE2B-256,BLAKE2B-256-128,BLAKE2S-128,BLAKE2S-256,BLAKE3-256,BLAKE3-256-128,HMAC-SHA224,HMAC-SHA256,HMAC-SHA256-128,HMAC-SHA3-224,HMAC-SHA3-256';
export const ciphers = 'AES256-GCM-HMAC-SHA256,CHACHA20-POLY1305-HMAC-SHA256';
export const keyDerivations = 'scrypt-65536-8-1,pbkdf2-sha256-600000';
export const splitters = splitterNames.join(',');
export const compressors = ['inherit', ...compressorNames].join(',');

export const json = flags(`
  --json B : print the result as JSON
  --json-indent B h : print JSON over several lines
  --json-verbose B h : keep statistics in JSON that are usually left out
`);

export const connectOptions = flags(`
  --cache-directory S $KOPIA_CACHE_DIRECTORY : directory of caches
  --content-cache-size-mb I64 : MiB of contents to cache
  --content-cache-size-limit-mb I64 : MiB of contents never to exceed
  --content-min-sweep-age D : least age before a cached content is dropped
  --metadata-cache-size-mb I64 : MiB of metadata to cache
  --metadata-cache-size-limit-mb I64 : MiB of metadata never to exceed
  --metadata-min-sweep-age D : least age before cached metadata is dropped
  --index-min-sweep-age D : least age before a cached index is dropped
  --max-list-cache-duration D : time a listing of blobs is kept
  --override-hostname S h : host name of this connection
  --override-username S h : user name of this connection
  --check-for-updates B =true $KOPIA_CHECK_FOR_UPDATES : accepted; Cairn never phones home
  --readonly B : never write through this connection
  --permissive-cache-loading B h : pass over bad indexes
  --description S : description of the repository, for people
  --enable-actions B : allow policies to run commands
  --repository-format-cache-duration D h : time the format blobs are cached
  --disable-repository-format-cache B h : never cache the format blobs
`);

export const policyTarget = flags(`
  --global B : the global policy
`);

export const contentRange = flags(`
  --prefix S : only contents whose ID starts so
  --prefixed B : only contents with a prefix letter
  --non-prefixed B : only contents without a prefix letter
`);

export const speedLimits = flags(`
  --max-download-speed F : bytes per second to read at most
  --max-upload-speed F : bytes per second to write at most
`);

export const safety = flags(`
  --safety E{full,none} =full : none waits for nothing: only when no other program uses the repository
`);
