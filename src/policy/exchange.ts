/** Policies as texts for people: in an editor, and in files of `policy export` and `policy import`. */
import { type Json, type JsonObject, indentJson, isObject, parseJson } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';
import { policyFromJson, policyToJson, unknownFields } from './document.ts';
import type { TargetedPolicy } from './merge.ts';
import type { Policy } from './policy.ts';
import { quoteText } from './quote.ts';
import {
  type SourceContext,
  type SourceInfo,
  compareSources,
  formatSource,
  parseSource,
  sameSource,
} from './source.ts';
import { checkPolicyValues, validatePolicy } from './validate.ts';

const help: Record<string, string[]> = {
  retention: [
    'how many snapshots to keep:',
    '"keepLatest", "keepHourly", "keepDaily", "keepWeekly", "keepMonthly", "keepAnnual": number',
  ],
  files: [
    'what to leave out:',
    '"ignore": ["*.tmp", "/cache/"], "ignoreDotFiles": [".kopiaignore"], "maxFileSize": bytes,',
    '"oneFileSystem": true, "ignoreCacheDirs": false',
  ],
  scheduling: [
    'when to take snapshots:',
    '"intervalSeconds": number, "timeOfDay": [{"hour":2,"min":30}], "cron": ["0 2 * * *"],',
    'or "manual": true alone',
  ],
};

/** What `policy edit` puts before the user: the policy with comments. */
export function policyEditText(target: SourceInfo, policy: Policy): string {
  const lines = [
    `# Policy of ${formatSource(target)}`,
    '# Change it, save the file and leave the editor. It must stay valid JSON.',
    '# Lines that begin with # are comments. What is absent is inherited.',
    '',
  ];
  for (const line of indentJson(policyToJson(policy)).split('\n')) {
    const section = /^ {2}"(\w+)": \{/.exec(line)?.[1];
    for (const comment of help[section ?? ''] ?? []) lines.push(`  # ${comment}`);
    lines.push(line);
  }
  return lines.join('\n') + '\n';
}

/**
 * Reads the edited text back; `original` is the policy before. Throws `invalid-argument` on bad JSON, on fields
 * nobody knows (those that the original had already are let through) and on values that can only be mistakes.
 */
export function parseEditedPolicy(text: string, target: SourceInfo, original: Policy): Policy {
  const json = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n');
  const policy = policyFromJson(parse(json, 'the policy'), { byHand: true, unknown: unknownFields(original) });
  checkPolicyValues(policy);
  validatePolicy(target, policy);
  return policy;
}

/** An object of policies by the texts of their targets, in their order. */
export function exportPolicies(policies: readonly TargetedPolicy[]): JsonObject {
  const sorted = policies.toSorted((a, b) => compareSources(a.target, b.target));
  return Object.fromEntries(sorted.map(({ target, policy }) => [formatSource(target), policyToJson(policy)]));
}

/**
 * Reads an exported file; a bare absolute path is a source of the context's user and host. All of it is checked
 * before anything is returned: `invalid-argument` names the target and the field.
 */
export function importPolicies(text: string, context: SourceContext, allowUnknown = false): TargetedPolicy[] {
  const json = parse(text, 'the policy file');
  if (!isObject(json)) throw new CairnError('invalid-argument', 'the policy file must hold an object of policies');
  const policies: TargetedPolicy[] = [];
  for (const [name, value] of Object.entries(json)) {
    try {
      const target = importTarget(name, context);
      if (policies.some((other) => sameSource(other.target, target))) {
        throw new CairnError('invalid-argument', 'there are two policies of this target');
      }
      const policy = policyFromJson(value, { byHand: true, unknown: allowUnknown ? undefined : [] });
      checkPolicyValues(policy);
      validatePolicy(target, policy);
      policies.push({ target, policy });
    } catch (error) {
      if (!(error instanceof CairnError)) throw error;
      throw new CairnError(error.code, `${quoteText(name)}: ${error.message}`, {
        data: { ...error.data, target: name },
        hint: error.hint,
      });
    }
  }
  return policies;
}

function importTarget(name: string, context: SourceContext): SourceInfo {
  const target = parseSource(name, context);
  if (formatSource(target) === name || /^(?:\/|[A-Za-z]:[\\/]|\\\\)/.test(name)) return target;
  throw new CairnError('invalid-argument', 'this is no policy target', {
    hint: 'targets are (global), @host, user@host, user@host:path or an absolute path',
  });
}

function parse(text: string, what: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new CairnError('invalid-argument', `${what} is no valid JSON: ${(cause as Error).message}`, { cause });
  }
}
