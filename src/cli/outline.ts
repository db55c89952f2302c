/**
 * Kopia's whole command tree by name: what is known but not in the tables yet is answered as such, not as unknown.
 * Notation: `name(alias,..){sub-commands}`.
 */
const tree = `
repository(repo){connect{server @} create{@} disconnect status sync-to{@} set-client set-parameters(set-params)
  change-password throttle{get set} validate-provider repair{@} upgrade{begin rollback validate}}
snapshot(snap){create list(ls) delete restore verify estimate expire pin migrate copy-history move-history
  fix{invalid-files remove-files}}
restore mount list(ls) show(cat) diff(compare)
policy(policies){set show(get) list(ls) delete(remove,rm) edit export import}
server{start status refresh flush shutdown snapshot(upload) cancel pause resume(unpause) throttle{get set}
  users(user){add(create) set(update) delete(remove,rm) hash-password(hash) info list(ls)}
  acl{enable add delete(remove,rm) list(ls)}}
notification(notifications){template{list show set remove(rm,delete)}
  profile{configure(setup){email pushover webhook} list(ls) show test(send-test-message) delete(rm)}}
benchmark{compression crypto splitter hashing(hash) encryption ecc}
maintenance(gc){info(status) run set} cache{info set clear prefetch sync} logs(log){list(ls) show(cat) cleanup}
session{list(ls)}
blob{list(ls) show(cat) stats delete(remove,rm) gc shards{modify(reshard)}}
content(contents){list(ls) show(cat) stats verify rewrite delete(remove,rm)}
index{list(ls) inspect recover optimize epoch{list}}
manifest{list(ls) show delete(remove,rm)}`;

const providers = 'azure b2 filesystem from-config gcs gdrive rclone s3 sftp webdav';

export interface Outline {
  name: string;
  aliases: string[];
  commands: Outline[];
}

export function outline(): Outline[] {
  const tokens = tree.replaceAll('@', providers).match(/[\w-]+|[(),{}]/g)!;
  let at = 0;
  const commands = (): Outline[] => {
    const found: Outline[] = [];
    for (; at < tokens.length && tokens[at] !== '}';) {
      const command: Outline = { name: tokens[at++], aliases: [], commands: [] };
      if (tokens[at] === '(') for (; tokens[at++] !== ')';) if (/\w/.test(tokens[at])) command.aliases.push(tokens[at]);
      if (tokens[at] === '{') {
        at++;
        command.commands = commands();
        at++;
      }
      found.push(command);
    }
    return found;
  };
  return commands();
}

/** The longest known command that the words begin with, as names; empty when the first word is none. */
export function knownCommand(words: readonly string[]): string[] {
  const path: string[] = [];
  let level = outline();
  for (const word of words) {
    const found = level.find((command) => command.name === word || command.aliases.includes(word));
    if (found === undefined) break;
    path.push(found.name);
    level = found.commands;
  }
  return path;
}
