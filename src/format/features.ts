import { isObject, member, type Json } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';

const understood = new Set(['index-v1', 'index-v2']);

/**
 * Refuses a repository that needs what this version does not know, unless the feature only asks for a warning
 * (spec/repository-format.md section 2.5). Returns the warnings.
 */
export function checkRequiredFeatures(features: readonly Json[]): string[] {
  const warnings: string[] = [];
  for (const feature of features) {
    if (!isObject(feature)) throw new CairnError('corrupt', 'the list of required features is damaged');
    const name = String(member(feature, 'feature') ?? '');
    if (understood.has(name)) continue;
    const rule = member(feature, 'ifNotUnderstood');
    const text = (key: string) =>
      isObject(rule) && typeof member(rule, key) === 'string' ? String(member(rule, key)) : '';
    const message = `the repository requires the feature '${name}', which this version does not know`;
    const details = [text('message'), text('url')].filter((part) => part !== '').join(' ');
    if (isObject(rule) && member(rule, 'warn') === true) {
      warnings.push(details === '' ? message : `${message}: ${details}`);
      continue;
    }
    const version = text('upgradeToVersion');
    throw new CairnError('unsupported-feature', details === '' ? message : `${message}: ${details}`, {
      data: { feature: name },
      hint:
        version === '' ? 'use a program that knows this feature' : `the repository asks for Kopia ${version} or newer`,
    });
  }
  return warnings;
}
