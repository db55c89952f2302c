import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

/** The first major version on which this was measured; the flag is unknown to older ones. */
const MEASURED = 26;
/** Calls after which a function is compiled by the slow compiler; 3000 by default. */
const CALLS = 100_000;

/**
 * Has V8's slow compiler wait: in commands of a second its threads took a seventh of the processor time for code that
 * then hardly ran. WebAssembly is not concerned, and long commands did not get slower.
 */
export function compileLate(): void {
  if (Number.parseInt(process.versions.node, 10) >= MEASURED)
    setFlagsFromString(`--invocation-count-for-turbofan=${CALLS}`);
}
