/** Path expressions in commands. */
import type { Repository } from '../../repository/repository.ts';
import type { StoredRepository } from '../../snapshot/resolve.ts';
import type { SourceContext } from '../../policy/source.ts';
import { separatorOf } from '../config/directories.ts';
import type { Context } from '../context.ts';

export function storedOf(repository: Repository): StoredRepository {
  return { contents: repository.objects, manifests: repository.manifests };
}

/** Whose sources bare paths are, and what they are relative to. */
export function sourceContext({ environment }: Context, { identity }: Repository): SourceContext {
  return {
    host: identity.host,
    userName: identity.user,
    currentDirectory: environment.currentDirectory(),
    separator: separatorOf(environment),
  };
}
