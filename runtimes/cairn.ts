#!/usr/bin/env node
/** The command `cairn`: one file for all runtimes, which starts the adapter of the one it runs on. */
const runtime = globalThis as { Deno?: unknown; Bun?: unknown };

if (runtime.Deno !== undefined) await import('./deno/main.ts');
else if (runtime.Bun !== undefined) await import('./bun/main.ts');
else await import('./node/main.ts');
